/* nnc piecewise: begin */
#if !defined(NNC_HAS_PIECEWISE)
#define NNC_HAS_PIECEWISE
/* ---- Functions of one argument without exponentials -----------------------------------------------------------------
 * torch.nn.functional's rectifiers, thresholds and roundings (and Keras's hard_sigmoid, softsign). Infinities are as in
 * PyTorch, NaN gives NaN. */
#define NNC_DEFINE_PIECEWISE(INLINE, V)                                                                       \
    INLINE V V##_relu(V x) { return V##_max(V##_zero(), x); }                                                 \
    INLINE V V##_relu6(V x) { return V##_clamp(x, V##_zero(), V##_splat(6.0f)); }                             \
    INLINE V V##_leaky_relu(V x, float slope) {                                                               \
        return V##_madd(V##_splat(slope), V##_min(V##_zero(), x), V##_max(V##_zero(), x));                    \
    }                                                                                                         \
    INLINE V V##_hardtanh(V x, float lo, float hi) { return V##_clamp(x, V##_splat(lo), V##_splat(hi)); }     \
    /* Keras's, not torch.nn.Hardsigmoid: clip(0.2 x + 0.5, 0, 1), without cancellation near -2.5 */          \
    INLINE V V##_hard_sigmoid(V x) {                                                                          \
        V moved = V##_clamp(V##_add(x, V##_splat(2.5f)), V##_zero(), V##_splat(5.0f));                        \
        return V##_mul(V##_splat(0.2f), moved);                                                               \
    }                                                                                                         \
    INLINE V V##_softsign(V x) { return V##_div(x, V##_add(V##_splat(1.0f), V##_abs(x))); }                   \
    /* V_nearest is for less than 2^22; floats from 2^23 on are whole, and infinities and NaN stay. */        \
    INLINE V V##_round(V x) {                                                                                 \
        V a = V##_abs(x), edge = V##_splat(4194304.0f);                                                       \
        V shift = V##_if_negative(V##_less(a, edge), V##_zero(), edge);                                       \
        V r = V##_copysign(V##_add(V##_nearest(V##_sub(a, shift)), shift), x);                                \
        return V##_if_negative(V##_less(a, V##_splat(8388608.0f)), r, x);                                     \
    }                                                                                                         \
    INLINE V V##_floor(V x) {                                                                                 \
        V r = V##_round(x);                                                                                   \
        return V##_if_negative(V##_less(x, r), V##_sub(r, V##_splat(1.0f)), r);                               \
    }                                                                                                         \
    INLINE V V##_ceil(V x) {                                                                                  \
        V r = V##_round(x);                                                                                   \
        return V##_if_negative(V##_less(r, x), V##_copysign(V##_add(r, V##_splat(1.0f)), x), r);              \
    }                                                                                                         \
    INLINE V V##_trunc(V x) {                                                                                 \
        V r = V##_round(V##_abs(x));                                                                          \
        return V##_copysign(V##_if_negative(V##_less(V##_abs(x), r), V##_sub(r, V##_splat(1.0f)), r), x);     \
    }                                                                                                         \
    INLINE V V##_sign(V x) { /* 0 for NaN, as torch.sign gives */                                             \
        V below = V##_if_negative(V##_less(x, V##_zero()), V##_splat(-1.0f), V##_zero());                     \
        return V##_if_negative(V##_less(V##_zero(), x), V##_splat(1.0f), below);                              \
    }                                                                                                         \
    INLINE V V##_threshold(V x, float threshold, float value) {                                               \
        return V##_if_negative(V##_less_equal(x, V##_splat(threshold)), V##_splat(value), x);                 \
    }                                                                                                         \
    INLINE V V##_hardshrink(V x, float lambd) {                                                               \
        V inside = V##_mask_and(V##_less_equal(V##_splat(-lambd), x), V##_less_equal(x, V##_splat(lambd)));   \
        return V##_if_negative(inside, V##_zero(), x);                                                        \
    }                                                                                                         \
    INLINE V V##_softshrink(V x, float lambd) {                                                               \
        V below = V##_add(x, V##_splat(lambd));                                                               \
        below = V##_if_negative(V##_less(x, V##_splat(-lambd)), below, V##_mul(x, V##_zero()));               \
        return V##_if_negative(V##_less(V##_splat(lambd), x), V##_sub(x, V##_splat(lambd)), below);           \
    }                                                                                                         \
    INLINE V V##_hardsigmoid(V x) {                                                                           \
        return V##_div(V##_clamp(V##_add(x, V##_splat(3.0f)), V##_zero(), V##_splat(6.0f)), V##_splat(6.0f)); \
    }                                                                                                         \
    INLINE V V##_hardswish(V x) { return V##_mul(x, V##_hardsigmoid(x)); }                                    \
    INLINE V V##_prelu(V x, V weight) { return V##_if_negative(V##_less(V##_zero(), x), x, V##_mul(weight, x)); } \
    INLINE V V##_reciprocal(V x) { return V##_div(V##_splat(1.0f), x); }                                      \
    INLINE V V##_rsqrt(V x) { return V##_div(V##_splat(1.0f), V##_sqrt(x)); }

NNC_DEFINE_PIECEWISE(NNC_FUNCTION, nnc_v1)
#endif
/* nnc vector4: begin */
#if !defined(NNC_HAS_V4_PIECEWISE)
#define NNC_HAS_V4_PIECEWISE
NNC_DEFINE_PIECEWISE(NNC_INLINE, nnc_v4)
#endif
/* nnc vector4: end */
/* nnc wide: begin */
#if defined(NNC_WIDE_LAYERS) && !defined(NNC_HAS_WIDE_PIECEWISE)
#define NNC_HAS_WIDE_PIECEWISE
NNC_DEFINE_PIECEWISE(NNC_INLINE_V8, nnc_v8)
NNC_DEFINE_PIECEWISE(NNC_INLINE_V16, nnc_v16)
#endif
/* nnc wide: end */
/* nnc piecewise: end */
