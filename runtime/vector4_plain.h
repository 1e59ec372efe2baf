typedef struct {
    float lane[4];
} nnc_v4;

#define NNC_V4_LANES(EXPRESSION) \
    {                            \
        nnc_v4 r;                \
        size_t i;                \
        for (i = 0; i < 4; i++)  \
            r.lane[i] = EXPRESSION; \
        return r;                \
    }

NNC_INLINE nnc_v4 nnc_v4_splat(float s) NNC_V4_LANES(s)
NNC_INLINE float nnc_v4_lane(nnc_v4 v, size_t i) { return v.lane[i]; }
NNC_INLINE nnc_v4 nnc_v4_add(nnc_v4 a, nnc_v4 b) NNC_V4_LANES(a.lane[i] + b.lane[i])
NNC_INLINE nnc_v4 nnc_v4_sub(nnc_v4 a, nnc_v4 b) NNC_V4_LANES(a.lane[i] - b.lane[i])
NNC_INLINE nnc_v4 nnc_v4_mul(nnc_v4 a, nnc_v4 b) NNC_V4_LANES(a.lane[i] * b.lane[i])
NNC_INLINE nnc_v4 nnc_v4_div(nnc_v4 a, nnc_v4 b) NNC_V4_LANES(a.lane[i] / b.lane[i])
NNC_INLINE nnc_v4 nnc_v4_neg(nnc_v4 x) NNC_V4_LANES(-x.lane[i])
NNC_INLINE nnc_v4 nnc_v4_madd(nnc_v4 a, nnc_v4 b, nnc_v4 c) NNC_V4_LANES(a.lane[i] * b.lane[i] + c.lane[i])
NNC_INLINE nnc_v4 nnc_v4_abs(nnc_v4 x) NNC_V4_LANES(fabsf(x.lane[i]))
NNC_INLINE nnc_v4 nnc_v4_copysign(nnc_v4 x, nnc_v4 s) NNC_V4_LANES(copysignf(x.lane[i], s.lane[i]))
NNC_INLINE nnc_v4 nnc_v4_min(nnc_v4 a, nnc_v4 b) NNC_V4_LANES(a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i])
NNC_INLINE nnc_v4 nnc_v4_max(nnc_v4 a, nnc_v4 b) NNC_V4_LANES(a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i])
NNC_INLINE nnc_v4 nnc_v4_if_negative(nnc_v4 x, nnc_v4 a, nnc_v4 b)
    NNC_V4_LANES(nnc_v1_if_negative(x.lane[i], a.lane[i], b.lane[i]))
NNC_INLINE nnc_v4 nnc_v4_if_nan(nnc_v4 x, nnc_v4 a, nnc_v4 b)
    NNC_V4_LANES(x.lane[i] != x.lane[i] ? a.lane[i] : b.lane[i])
NNC_INLINE nnc_v4 nnc_v4_join(nnc_v4 a, size_t n, nnc_v4 b) NNC_V4_LANES(i < n ? a.lane[i] : b.lane[i])
NNC_INLINE nnc_v4 nnc_v4_equal(nnc_v4 a, nnc_v4 b) NNC_V4_LANES(a.lane[i] == b.lane[i] ? -1.0f : 0.0f)
NNC_INLINE nnc_v4 nnc_v4_not_equal(nnc_v4 a, nnc_v4 b) NNC_V4_LANES(a.lane[i] != b.lane[i] ? -1.0f : 0.0f)
NNC_INLINE nnc_v4 nnc_v4_less(nnc_v4 a, nnc_v4 b) NNC_V4_LANES(a.lane[i] < b.lane[i] ? -1.0f : 0.0f)
NNC_INLINE nnc_v4 nnc_v4_less_equal(nnc_v4 a, nnc_v4 b) NNC_V4_LANES(a.lane[i] <= b.lane[i] ? -1.0f : 0.0f)
NNC_INLINE nnc_v4 nnc_v4_mask_of(nnc_v4 bits) {
    int32_t held[4];
    size_t i;
    memcpy(held, &bits, sizeof held);
    for (i = 0; i < 4; i++)
        bits.lane[i] = held[i] != 0 ? -1.0f : 0.0f;
    return bits;
}
NNC_INLINE nnc_v4 nnc_v4_mantissa(nnc_v4 x, nnc_v4 *exponent) {
    size_t i;
    for (i = 0; i < 4; i++) {
        int32_t bits;
        memcpy(&bits, &x.lane[i], sizeof bits);
        exponent->lane[i] = (float)(bits / 0x800000 - 127);
        bits = bits % 0x800000 + 0x3f800000;
        memcpy(&x.lane[i], &bits, sizeof bits);
    }
    return x;
}
