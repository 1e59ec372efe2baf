/* Lanes that are written out: what compilers make of loops over them goes through memory. */
typedef struct {
    float lane[4];
} nnc_v4;

#define NNC_V4_LANES(a, b, c, d)                                                                                \
    {                                                                                                           \
        nnc_v4 r;                                                                                               \
        r.lane[0] = a, r.lane[1] = b, r.lane[2] = c, r.lane[3] = d;                                             \
        return r;                                                                                               \
    }
/* V_NAME, lane by lane nnc_v1's, of one, two and three vectors. */
#define NNC_V4_BY_LANE_1(NAME)                                                                                  \
    NNC_INLINE nnc_v4 nnc_v4_##NAME(nnc_v4 x)                                                                   \
    NNC_V4_LANES(nnc_v1_##NAME(x.lane[0]), nnc_v1_##NAME(x.lane[1]),                                            \
                 nnc_v1_##NAME(x.lane[2]), nnc_v1_##NAME(x.lane[3]))
#define NNC_V4_BY_LANE_2(NAME)                                                                                  \
    NNC_INLINE nnc_v4 nnc_v4_##NAME(nnc_v4 a, nnc_v4 b)                                                         \
    NNC_V4_LANES(nnc_v1_##NAME(a.lane[0], b.lane[0]), nnc_v1_##NAME(a.lane[1], b.lane[1]),                      \
                 nnc_v1_##NAME(a.lane[2], b.lane[2]), nnc_v1_##NAME(a.lane[3], b.lane[3]))
#define NNC_V4_BY_LANE_3(NAME)                                                                                  \
    NNC_INLINE nnc_v4 nnc_v4_##NAME(nnc_v4 a, nnc_v4 b, nnc_v4 c)                                               \
    NNC_V4_LANES(nnc_v1_##NAME(a.lane[0], b.lane[0], c.lane[0]), nnc_v1_##NAME(a.lane[1], b.lane[1], c.lane[1]),\
                 nnc_v1_##NAME(a.lane[2], b.lane[2], c.lane[2]), nnc_v1_##NAME(a.lane[3], b.lane[3], c.lane[3]))

NNC_INLINE nnc_v4 nnc_v4_of(float a, float b, float c, float d) NNC_V4_LANES(a, b, c, d)
NNC_INLINE nnc_v4 nnc_v4_splat(float s) NNC_V4_LANES(s, s, s, s)
NNC_INLINE float nnc_v4_lane(nnc_v4 v, size_t i) { return v.lane[i]; }
NNC_V4_BY_LANE_2(add)
NNC_V4_BY_LANE_2(sub)
NNC_V4_BY_LANE_2(mul)
NNC_V4_BY_LANE_2(div)
NNC_V4_BY_LANE_1(neg)
NNC_V4_BY_LANE_1(abs)
NNC_V4_BY_LANE_2(copysign)
NNC_V4_BY_LANE_2(min)
NNC_V4_BY_LANE_2(max)
NNC_V4_BY_LANE_3(if_negative)
NNC_V4_BY_LANE_3(if_nan)
NNC_V4_BY_LANE_1(sqrt)
NNC_V4_BY_LANE_1(nearest)
NNC_V4_BY_LANE_2(scale)
NNC_V4_BY_LANE_2(equal)
NNC_V4_BY_LANE_2(not_equal)
NNC_V4_BY_LANE_2(less)
NNC_V4_BY_LANE_2(less_equal)
NNC_V4_BY_LANE_1(mask_of)
#if defined(__SSE2__) || defined(_M_X64) /* plain C gives the bits of SSE2, which has no such instruction */
NNC_INLINE nnc_v4 nnc_v4_madd(nnc_v4 a, nnc_v4 b, nnc_v4 c) { return nnc_v4_add(nnc_v4_mul(a, b), c); }
#else
NNC_V4_BY_LANE_3(madd)
#endif
NNC_INLINE nnc_v4 nnc_v4_join(nnc_v4 a, size_t n, nnc_v4 b)
    NNC_V4_LANES(n > 0 ? a.lane[0] : b.lane[0], n > 1 ? a.lane[1] : b.lane[1], n > 2 ? a.lane[2] : b.lane[2],
                 n > 3 ? a.lane[3] : b.lane[3])
NNC_INLINE nnc_v4 nnc_v4_mantissa(nnc_v4 x, nnc_v4 *exponent)
    NNC_V4_LANES(nnc_v1_mantissa(x.lane[0], &exponent->lane[0]), nnc_v1_mantissa(x.lane[1], &exponent->lane[1]),
                 nnc_v1_mantissa(x.lane[2], &exponent->lane[2]), nnc_v1_mantissa(x.lane[3], &exponent->lane[3]))
NNC_INLINE nnc_v4 nnc_v4_load(const float *p) NNC_V4_LANES(p[0], p[1], p[2], p[3])
NNC_INLINE void nnc_v4_store(float *p, nnc_v4 v) {
    p[0] = v.lane[0], p[1] = v.lane[1], p[2] = v.lane[2], p[3] = v.lane[3];
}
