/* nnc masks: begin */
#if !defined(NNC_HAS_MASKS)
#define NNC_HAS_MASKS
/* Masks: mask_of makes one of lanes that are int32 of 0 or 1, as a load of them as floats gives them. */
#define NNC_DEFINE_MASKS(INLINE, V, LANES)                                                                \
    INLINE V V##_mask_splat(int32_t i) { return V##_splat(i != 0 ? -1.0f : 0.0f); }                       \
    INLINE V V##_mask_and(V m, V n) { return V##_if_negative(m, n, V##_zero()); }                         \
    INLINE V V##_mask_or(V m, V n) { return V##_if_negative(m, m, n); }                                   \
    INLINE V V##_mask_not(V m) { return V##_if_negative(m, V##_zero(), V##_splat(-1.0f)); }               \
    INLINE V V##_mask_equal(V m, V n) { return V##_if_negative(m, n, V##_mask_not(n)); }                  \
    INLINE V V##_mask_not_equal(V m, V n) { return V##_if_negative(m, V##_mask_not(n), n); }              \
    INLINE V V##_mask_ones(V m) { return V##_if_negative(m, V##_splat(1.0f), V##_zero()); }               \
    INLINE V V##_mask_bits(V m) {                                                                         \
        int32_t truth_ = 1;                                                                               \
        float bits;                                                                                       \
        memcpy(&bits, &truth_, sizeof bits);                                                              \
        return V##_if_negative(m, V##_splat(bits), V##_zero());                                           \
    }                                                                                                     \
    INLINE V V##_mask_load(const int32_t *p) {                                                            \
        V bits;                                                                                           \
        memcpy(&bits, p, sizeof bits);                                                                    \
        return V##_mask_of(bits);                                                                         \
    }                                                                                                     \
    INLINE V V##_mask_load_n(const int32_t *p, size_t n) {                                                \
        V bits = V##_zero();                                                                              \
        memcpy(&bits, p, n * sizeof *p);                                                                  \
        return V##_mask_of(bits);                                                                         \
    }                                                                                                     \
    INLINE V V##_mask_gather(const int32_t *p, size_t stride, size_t n) {                                 \
        float lane[LANES] = {0.0f};                                                                       \
        size_t i;                                                                                         \
        for (i = 0; i < n; i++)                                                                           \
            lane[i] = p[i * stride] != 0 ? -1.0f : 0.0f;                                                  \
        return V##_load(lane);                                                                            \
    }                                                                                                     \
    INLINE void V##_mask_store(int32_t *p, V m) {                                                         \
        V bits = V##_mask_bits(m);                                                                        \
        memcpy(p, &bits, sizeof bits);                                                                    \
    }                                                                                                     \
    INLINE void V##_mask_store_n(int32_t *p, V m, size_t n) {                                             \
        V bits = V##_mask_bits(m);                                                                        \
        memcpy(p, &bits, n * sizeof *p);                                                                  \
    }                                                                                                     \
    INLINE void V##_mask_scatter(int32_t *p, size_t stride, V m, size_t n) {                              \
        int32_t lane[LANES];                                                                              \
        size_t i;                                                                                         \
        V##_mask_store(lane, m);                                                                          \
        for (i = 0; i < n; i++)                                                                           \
            p[i * stride] = lane[i];                                                                      \
    }

NNC_DEFINE_MASKS(NNC_INLINE, nnc_v1, 1)
#endif
/* nnc vector4: begin */
#if !defined(NNC_HAS_V4_MASKS)
#define NNC_HAS_V4_MASKS
NNC_DEFINE_MASKS(NNC_INLINE, nnc_v4, 4)
#endif
/* nnc vector4: end */
/* nnc wide: begin */
#if defined(NNC_WIDE_LAYERS) && !defined(NNC_HAS_WIDE_MASKS)
#define NNC_HAS_WIDE_MASKS
NNC_DEFINE_MASKS(NNC_INLINE_V8, nnc_v8, 8)
NNC_DEFINE_MASKS(NNC_INLINE_V16, nnc_v16, 16)
#endif
/* nnc wide: end */
/* nnc masks: end */
