/* gcc's and clang's own vectors, whose operators are the processor's instructions; what has none is helped on. */
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__SSE__)
#include <xmmintrin.h>
#elif NNC_HELIUM
#include <arm_mve.h>
#endif

#if NNC_DOUBLE && (defined(__SSE2__) || defined(NNC_NEON))
/* V_sums as vectors of doubles, D, that have operators: of V_wide(s), a double in all lanes, V_wide_low(v) and
 * V_wide_high(v), the halves of v, and V_narrow(low, high), their way back. */
#define NNC_DEFINE_WIDE_SUMS(INLINE, V, D)                                                                      \
    typedef struct {                                                                                            \
        D low, high;                                                                                            \
    } V##_sums;                                                                                                 \
    INLINE V##_sums V##_sums_pair(D low, D high) {                                                              \
        V##_sums s;                                                                                             \
        s.low = low, s.high = high;                                                                             \
        return s;                                                                                               \
    }                                                                                                           \
    INLINE V##_sums V##_sums_of(double s) { return V##_sums_pair(V##_wide(s), V##_wide(s)); }                   \
    INLINE V##_sums V##_sums_plus(V##_sums s, V##_sums t) {                                                     \
        return V##_sums_pair(s.low + t.low, s.high + t.high);                                                   \
    }                                                                                                           \
    INLINE V##_sums V##_sums_add(V##_sums s, V v) {                                                             \
        return V##_sums_pair(s.low + V##_wide_low(v), s.high + V##_wide_high(v));                               \
    }                                                                                                           \
    INLINE V##_sums V##_sums_add_square(V##_sums s, V v) {                                                      \
        D low = V##_wide_low(v), high = V##_wide_high(v);                                                       \
        return V##_sums_pair(s.low + low * low, s.high + high * high);                                          \
    }                                                                                                           \
    INLINE V V##_sums_by(V##_sums s, double d) {                                                                \
        return V##_narrow(s.low / V##_wide(d), s.high / V##_wide(d));                                           \
    }
#endif

typedef float nnc_v4 __attribute__((vector_size(16)));
typedef int32_t nnc_v4_bits __attribute__((vector_size(16)));
typedef uint32_t nnc_v4_words __attribute__((vector_size(16)));

NNC_INLINE nnc_v4 nnc_v4_of(float a, float b, float c, float d) {
    nnc_v4 v = {a, b, c, d};
    return v;
}
NNC_INLINE nnc_v4 nnc_v4_splat(float s) { return nnc_v4_of(s, s, s, s); }
NNC_INLINE float nnc_v4_lane(nnc_v4 v, size_t i) { return v[i]; }
#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define NNC_V4_SHUFFLE(x, y, i, j, k, l) __builtin_shufflevector(x, y, i, j, k, l)
#endif
#endif
NNC_INLINE nnc_v4 nnc_v4_add(nnc_v4 a, nnc_v4 b) { return a + b; }
NNC_INLINE nnc_v4 nnc_v4_sub(nnc_v4 a, nnc_v4 b) { return a - b; }
NNC_INLINE nnc_v4 nnc_v4_mul(nnc_v4 a, nnc_v4 b) { return a * b; }
NNC_INLINE nnc_v4 nnc_v4_div(nnc_v4 a, nnc_v4 b) { return a / b; }
NNC_INLINE nnc_v4 nnc_v4_neg(nnc_v4 x) { return -x; }
#if defined(NNC_NEON) || NNC_HELIUM
NNC_INLINE nnc_v4 nnc_v4_madd(nnc_v4 a, nnc_v4 b, nnc_v4 c) {
    return (nnc_v4)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
#elif defined(__ALTIVEC__)
NNC_INLINE nnc_v4 nnc_v4_madd(nnc_v4 a, nnc_v4 b, nnc_v4 c) { return __builtin_altivec_vmaddfp(a, b, c); }
#else
NNC_INLINE nnc_v4 nnc_v4_madd(nnc_v4 a, nnc_v4 b, nnc_v4 c) { return a * b + c; }
#endif
NNC_INLINE nnc_v4 nnc_v4_abs(nnc_v4 x) {
    nnc_v4_bits sign = {INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN};
    return (nnc_v4)((nnc_v4_bits)x & ~sign);
}
NNC_INLINE nnc_v4 nnc_v4_copysign(nnc_v4 x, nnc_v4 s) {
    nnc_v4_bits sign = {INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN};
    return (nnc_v4)(((nnc_v4_bits)x & ~sign) | ((nnc_v4_bits)s & sign));
}
NNC_INLINE nnc_v4 nnc_v4_select(nnc_v4_bits mask, nnc_v4 a, nnc_v4 b) {
    return (nnc_v4)(((nnc_v4_bits)a & mask) | ((nnc_v4_bits)b & ~mask));
}
NNC_INLINE nnc_v4 nnc_v4_if_negative(nnc_v4 x, nnc_v4 a, nnc_v4 b) {
    return nnc_v4_select((nnc_v4_bits)x >> 31, a, b);
}
NNC_INLINE nnc_v4 nnc_v4_join(nnc_v4 a, size_t n, nnc_v4 b) {
    nnc_v4_bits lane = {0, 1, 2, 3}, count = {(int32_t)n, (int32_t)n, (int32_t)n, (int32_t)n};
    return nnc_v4_select((lane - count) >> 31, a, b);
}
NNC_INLINE nnc_v4 nnc_v4_mantissa(nnc_v4 x, nnc_v4 *exponent) { /* 0x4b000000 is 2^23: integers become floats */
    nnc_v4_bits two23 = {0x4b000000, 0x4b000000, 0x4b000000, 0x4b000000};
    nnc_v4_bits low = {0x7fffff, 0x7fffff, 0x7fffff, 0x7fffff};
    *exponent = (nnc_v4)((((nnc_v4_bits)x) >> 23) | two23) - nnc_v4_splat(8388735.0f);
    return (nnc_v4)(((nnc_v4_bits)x & low) | (nnc_v4_bits)nnc_v4_splat(1.0f));
}
NNC_INLINE nnc_v4 nnc_v4_mask_of(nnc_v4 bits) { return (nnc_v4)(-(nnc_v4_bits)bits); }
#if defined(__SSE__) /* the instructions do just this; compilers do not find them by themselves */
NNC_INLINE nnc_v4 nnc_v4_min(nnc_v4 a, nnc_v4 b) { return (nnc_v4)_mm_min_ps((__m128)a, (__m128)b); }
NNC_INLINE nnc_v4 nnc_v4_max(nnc_v4 a, nnc_v4 b) { return (nnc_v4)_mm_max_ps((__m128)a, (__m128)b); }
#elif defined(__wasm_simd128__)
NNC_INLINE nnc_v4 nnc_v4_min(nnc_v4 a, nnc_v4 b) { return (nnc_v4)__builtin_wasm_pmin_f32x4(b, a); }
NNC_INLINE nnc_v4 nnc_v4_max(nnc_v4 a, nnc_v4 b) { return (nnc_v4)__builtin_wasm_pmax_f32x4(b, a); }
#elif NNC_HELIUM /* gcc 12 makes wrong code of comparisons */
NNC_INLINE nnc_v4 nnc_v4_where(mve_pred16_t p, nnc_v4 a, nnc_v4 b) {
    return (nnc_v4)vpselq_f32((float32x4_t)a, (float32x4_t)b, p);
}
NNC_INLINE nnc_v4 nnc_v4_min(nnc_v4 a, nnc_v4 b) {
    return nnc_v4_where(vcmpltq_f32((float32x4_t)a, (float32x4_t)b), a, b);
}
NNC_INLINE nnc_v4 nnc_v4_max(nnc_v4 a, nnc_v4 b) {
    return nnc_v4_where(vcmpgtq_f32((float32x4_t)a, (float32x4_t)b), a, b);
}
NNC_INLINE nnc_v4 nnc_v4_if_nan(nnc_v4 x, nnc_v4 a, nnc_v4 b) {
    return nnc_v4_where(vcmpeqq_f32((float32x4_t)x, (float32x4_t)x), b, a);
}
NNC_INLINE nnc_v4 nnc_v4_equal(nnc_v4 a, nnc_v4 b) {
    return nnc_v4_where(vcmpeqq_f32((float32x4_t)a, (float32x4_t)b), nnc_v4_splat(-1.0f), nnc_v4_splat(0.0f));
}
NNC_INLINE nnc_v4 nnc_v4_not_equal(nnc_v4 a, nnc_v4 b) {
    return nnc_v4_where(vcmpneq_f32((float32x4_t)a, (float32x4_t)b), nnc_v4_splat(-1.0f), nnc_v4_splat(0.0f));
}
NNC_INLINE nnc_v4 nnc_v4_less(nnc_v4 a, nnc_v4 b) {
    return nnc_v4_where(vcmpltq_f32((float32x4_t)a, (float32x4_t)b), nnc_v4_splat(-1.0f), nnc_v4_splat(0.0f));
}
NNC_INLINE nnc_v4 nnc_v4_less_equal(nnc_v4 a, nnc_v4 b) {
    return nnc_v4_where(vcmpleq_f32((float32x4_t)a, (float32x4_t)b), nnc_v4_splat(-1.0f), nnc_v4_splat(0.0f));
}
#else
NNC_INLINE nnc_v4 nnc_v4_min(nnc_v4 a, nnc_v4 b) { return nnc_v4_select((nnc_v4_bits)(a < b), a, b); }
NNC_INLINE nnc_v4 nnc_v4_max(nnc_v4 a, nnc_v4 b) { return nnc_v4_select((nnc_v4_bits)(a > b), a, b); }
#endif
#if !NNC_HELIUM
NNC_INLINE nnc_v4 nnc_v4_equal(nnc_v4 a, nnc_v4 b) { return (nnc_v4)(a == b); }
NNC_INLINE nnc_v4 nnc_v4_not_equal(nnc_v4 a, nnc_v4 b) { return (nnc_v4)(a != b); }
NNC_INLINE nnc_v4 nnc_v4_less(nnc_v4 a, nnc_v4 b) { return (nnc_v4)(a < b); }
NNC_INLINE nnc_v4 nnc_v4_less_equal(nnc_v4 a, nnc_v4 b) { return (nnc_v4)(a <= b); }
NNC_INLINE nnc_v4 nnc_v4_if_nan(nnc_v4 x, nnc_v4 a, nnc_v4 b) { return nnc_v4_select((nnc_v4_bits)(x == x), b, a); }
#endif
#if defined(__SSE2__)
NNC_INLINE nnc_v4 nnc_v4_sqrt(nnc_v4 x) { return (nnc_v4)_mm_sqrt_ps((__m128)x); }
#if NNC_DOUBLE
#define NNC_V4_OWN_SUMS 1
NNC_INLINE __m128d nnc_v4_wide(double s) { return _mm_set1_pd(s); }
NNC_INLINE __m128d nnc_v4_wide_low(nnc_v4 v) { return _mm_cvtps_pd((__m128)v); }
NNC_INLINE __m128d nnc_v4_wide_high(nnc_v4 v) { return _mm_cvtps_pd(_mm_movehl_ps((__m128)v, (__m128)v)); }
NNC_INLINE nnc_v4 nnc_v4_narrow(__m128d low, __m128d high) {
    return (nnc_v4)_mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
}
NNC_DEFINE_WIDE_SUMS(NNC_INLINE, nnc_v4, __m128d)
NNC_INLINE double nnc_v4_sums_lanes(nnc_v4_sums s) {
    __m128d pair = s.low + s.high;
    return _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)));
}
#endif
NNC_INLINE nnc_v4 nnc_v4_nearest(nnc_v4 x) { return (nnc_v4)_mm_cvtepi32_ps(_mm_cvtps_epi32((__m128)x)); }
NNC_INLINE nnc_v4 nnc_v4_scale(nnc_v4 x, nnc_v4 n) {
    __m128i power = _mm_cvtps_epi32((__m128)n), half = _mm_add_epi32(_mm_srai_epi32(power, 1), _mm_set1_epi32(129));
    __m128i rest = _mm_sub_epi32(_mm_add_epi32(power, _mm_set1_epi32(254)), half);
    return x * (nnc_v4)_mm_slli_epi32(half, 23) * (nnc_v4)_mm_slli_epi32(rest, 23);
}
#elif defined(NNC_NEON)
#define NNC_V4_OWN_SUMS 1
NNC_INLINE nnc_v4 nnc_v4_sqrt(nnc_v4 x) { return (nnc_v4)vsqrtq_f32((float32x4_t)x); }
NNC_INLINE float64x2_t nnc_v4_wide(double s) { return vdupq_n_f64(s); }
NNC_INLINE float64x2_t nnc_v4_wide_low(nnc_v4 v) { return vcvt_f64_f32(vget_low_f32((float32x4_t)v)); }
NNC_INLINE float64x2_t nnc_v4_wide_high(nnc_v4 v) { return vcvt_high_f64_f32((float32x4_t)v); }
NNC_INLINE nnc_v4 nnc_v4_narrow(float64x2_t low, float64x2_t high) {
    return (nnc_v4)vcvt_high_f32_f64(vcvt_f32_f64(low), high);
}
NNC_DEFINE_WIDE_SUMS(NNC_INLINE, nnc_v4, float64x2_t)
NNC_INLINE double nnc_v4_sums_lanes(nnc_v4_sums s) {
    float64x2_t pair = s.low + s.high;
    return vgetq_lane_f64(pair, 0) + vgetq_lane_f64(pair, 1);
}
NNC_INLINE nnc_v4 nnc_v4_nearest(nnc_v4 x) { return (nnc_v4)vrndnq_f32((float32x4_t)x); }
NNC_INLINE nnc_v4 nnc_v4_scale(nnc_v4 x, nnc_v4 n) {
    int32x4_t power = vcvtnq_s32_f32((float32x4_t)n), half = vaddq_s32(vshrq_n_s32(power, 1), vdupq_n_s32(129));
    int32x4_t rest = vsubq_s32(vaddq_s32(power, vdupq_n_s32(254)), half);
    return x * (nnc_v4)vshlq_n_s32(half, 23) * (nnc_v4)vshlq_n_s32(rest, 23);
}
#else
#if defined(__wasm_simd128__)
NNC_INLINE nnc_v4 nnc_v4_sqrt(nnc_v4 x) { return (nnc_v4)__builtin_wasm_sqrt_f32x4(x); }
NNC_INLINE nnc_v4 nnc_v4_nearest(nnc_v4 x) { return (nnc_v4)__builtin_wasm_nearest_f32x4(x); }
#else
NNC_INLINE nnc_v4 nnc_v4_sqrt(nnc_v4 x) {
    nnc_v4 v = {sqrtf(x[0]), sqrtf(x[1]), sqrtf(x[2]), sqrtf(x[3])};
    return v;
}
#if NNC_HELIUM
NNC_INLINE nnc_v4 nnc_v4_nearest(nnc_v4 x) { return (nnc_v4)vrndnq_f32((float32x4_t)x); }
#elif defined(__ALTIVEC__)
NNC_INLINE nnc_v4 nnc_v4_nearest(nnc_v4 x) { return __builtin_altivec_vrfin(x); }
#elif NNC_INEXACT
NNC_INLINE nnc_v4 nnc_v4_nearest(nnc_v4 x) {
    nnc_v4 v = {nnc_v1_nearest(x[0]), nnc_v1_nearest(x[1]), nnc_v1_nearest(x[2]), nnc_v1_nearest(x[3])};
    return v;
}
#else
NNC_INLINE nnc_v4 nnc_v4_nearest(nnc_v4 x) {
    const nnc_v4 rounder = nnc_v4_splat(NNC_ROUNDER);
    return (x + rounder) - rounder;
}
#endif
#endif
NNC_INLINE nnc_v4 nnc_v4_power_of_2(nnc_v4_bits n) {
    const nnc_v4_words bias = {127, 127, 127, 127};
    return (nnc_v4)(((nnc_v4_words)n + bias) << 23);
}
NNC_INLINE nnc_v4 nnc_v4_scale(nnc_v4 x, nnc_v4 n) {
    const nnc_v4 rounder = nnc_v4_splat(NNC_ROUNDER);
    nnc_v4_words bits = (nnc_v4_words)(n + rounder) - (nnc_v4_words)rounder;
    const nnc_v4_bits two = {2, 2, 2, 2};
    nnc_v4_bits half = ((nnc_v4_bits)bits >> 1) + two;
    return x * nnc_v4_power_of_2(half) * nnc_v4_power_of_2((nnc_v4_bits)(bits - (nnc_v4_words)half));
}
#endif
NNC_INLINE nnc_v4 nnc_v4_load(const float *p) {
    nnc_v4 v;
    memcpy(&v, p, sizeof v);
    return v;
}
NNC_INLINE void nnc_v4_store(float *p, nnc_v4 v) { memcpy(p, &v, sizeof v); }
