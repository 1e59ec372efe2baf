/* nnc sums: begin */
#if !defined(NNC_HAS_SUMS)
#define NNC_HAS_SUMS
/* ---- Long sums -----------------------------------------------------------------------------------------------------
 * V_sums holds a sum for each lane with twice the digits of a float: as a double where the processor computes with
 * doubles, elsewhere (and in nnc_v1 everywhere) as a float and what that leaves out. Means and deviations are V, the
 * same in each lane; n is the number of what was added.
 *     sums_zero(), sums_add(s, v), sums_plus(s, t)
 *     sums_add_square(s, v)          s + v * v
 *     sums_rounded(s)                as a vector
 *     sums_divided(s, n)             s / n, as a vector
 *     sums_total(s)                  of the lanes, in the order of sum: a float
 *     sums_mean(s, n)                sums_total(s) / n, rounded once
 *     sums_center(s, n, &rest)       the mean, and what its rounding left out
 *     sums_scale(s, n, eps)          1 / sqrt(sums_total(s) / n + eps)
 *     sums_minus_log(s)              -log(sums_total(s)) in each lane, as sums
 *     sums_tree(s)                   the sum of s[0], s[1] and so on (as many as the vector has lanes), in the order of
 *                                    sum; it is left in s[0], and others' sums in the others; not in nnc_v1 */

#define NNC_DEFINE_TREE(INLINE, V, LANES)                                                                       \
    INLINE V##_sums V##_sums_tree(V##_sums *s) {                                                                \
        size_t i, n;                                                                                            \
        for (n = LANES / 2; n > 0; n /= 2)                                                                      \
            for (i = 0; i < n; i++)                                                                             \
                s[i] = V##_sums_plus(s[i], s[i + n]);                                                           \
        return s[0];                                                                                            \
    }

#if NNC_DOUBLE
/* As doubles: of V_sums_of(s), which has the double s in all lanes, V_sums_by(s, d), each lane divided by d, and
 * V_sums_lanes(s), their sum as a double. */
#define NNC_DEFINE_SUMS_IN_DOUBLE(INLINE, V, LANES)                                                             \
    INLINE V##_sums V##_sums_zero(void) { return V##_sums_of(0.0); }                                            \
    INLINE V V##_sums_rounded(V##_sums s) { return V##_sums_by(s, 1.0); }                                       \
    INLINE V V##_sums_divided(V##_sums s, size_t n) { return V##_sums_by(s, (double)n); }                       \
    INLINE float V##_sums_total(V##_sums s) { return (float)V##_sums_lanes(s); }                                \
    INLINE float V##_sums_mean(V##_sums s, size_t n) { return (float)(V##_sums_lanes(s) / (double)n); }         \
    INLINE V V##_sums_center(V##_sums s, size_t n, V *rest) {                                                   \
        double mean = V##_sums_lanes(s) / (double)n;                                                            \
        float nearest = (float)mean;                                                                            \
        *rest = V##_splat((float)(mean - (double)nearest));                                                     \
        return V##_splat(nearest);                                                                              \
    }                                                                                                           \
    INLINE V V##_sums_scale(V##_sums s, size_t n, double eps) {                                                 \
        return V##_splat((float)(1.0 / sqrt(V##_sums_lanes(s) / (double)n + eps)));                             \
    }                                                                                                           \
    INLINE V##_sums V##_sums_minus_log(V##_sums s) { return V##_sums_of(-log(V##_sums_lanes(s))); }             \
    NNC_DEFINE_TREE(INLINE, V, LANES)
#endif

/* As two floats, of which the second is what the first, their rounded sum, leaves out: of NNC_KEEP, which gives what it
 * takes, rounded to a float and unknown to the compiler, and V_sums_lanes(s), the sum of the lanes as nnc_v1_sums. A
 * sum of two floats leaves out (Knuth) b - (sum - a) and what that difference misses of a. */
#if NNC_INEXACT
#define NNC_DEFINE_KEEP(INLINE, V, LANES)                                                                       \
    INLINE V V##_keep(V v) {                                                                                    \
        volatile float kept[LANES];                                                                             \
        float lane[LANES];                                                                                      \
        size_t i;                                                                                               \
        V##_store(lane, v);                                                                                     \
        for (i = 0; i < LANES; i++)                                                                             \
            kept[i] = lane[i];                                                                                  \
        for (i = 0; i < LANES; i++)                                                                             \
            lane[i] = kept[i];                                                                                  \
        return V##_load(lane);                                                                                  \
    }
#else
#define NNC_DEFINE_KEEP(INLINE, V, LANES) \
    INLINE V V##_keep(V v) { return v; }
#endif
#define NNC_DEFINE_SUMS_IN_FLOATS(INLINE, V, LANES)                                                             \
    NNC_DEFINE_KEEP(INLINE, V, LANES)                                                                           \
    typedef struct {                                                                                            \
        V high, low;                                                                                            \
    } V##_sums;                                                                                                 \
    INLINE V##_sums V##_sums_zero(void) {                                                                       \
        V##_sums s;                                                                                             \
        s.high = s.low = V##_zero();                                                                            \
        return s;                                                                                               \
    }                                                                                                           \
    INLINE V##_sums V##_sums_add(V##_sums s, V v) {                                                             \
        V sum = V##_keep(V##_add(s.high, v)), part = V##_keep(V##_sub(sum, s.high));                            \
        V left = V##_add(V##_sub(s.high, V##_keep(V##_sub(sum, part))), V##_sub(v, part));                      \
        s.high = sum;                                                                                           \
        s.low = V##_add(s.low, left);                                                                           \
        return s;                                                                                               \
    }                                                                                                           \
    INLINE V##_sums V##_sums_add_square(V##_sums s, V v) { return V##_sums_add(s, V##_mul(v, v)); }             \
    INLINE V##_sums V##_sums_plus(V##_sums s, V##_sums t) {                                                     \
        s = V##_sums_add(s, t.high);                                                                            \
        s.low = V##_add(s.low, t.low);                                                                          \
        return s;                                                                                               \
    }                                                                                                           \
    INLINE V V##_sums_rounded(V##_sums s) { /* what infinity leaves out is a NaN */                             \
        return V##_if_nan(s.low, s.high, V##_add(s.high, s.low));                                               \
    }                                                                                                           \
    INLINE V V##_sums_divided(V##_sums s, size_t n) { return V##_div(V##_sums_rounded(s), V##_splat((float)n)); }

NNC_DEFINE_SUMS_IN_FLOATS(NNC_INLINE, nnc_v1, 1)
NNC_INLINE nnc_v1_sums nnc_v1_sums_lanes(nnc_v1_sums s) { return s; }

/* What a product, rounded to p, leaves out: the factors are cut into halves of 12 bits, whose products are exact. */
NNC_FUNCTION float nnc_left_of_product(float a, float b, float p) {
    float a_high = nnc_v1_of_bits(nnc_v1_bits(a) / 4096 * 4096), a_low = a - a_high;
    float b_high = nnc_v1_of_bits(nnc_v1_bits(b) / 4096 * 4096), b_low = b - b_high;
    return ((nnc_v1_keep(a_high * b_high - p) + a_high * b_low) + a_low * b_high) + a_low * b_low;
}

#define NNC_DEFINE_MEANS_IN_FLOATS(INLINE, V)                                                                   \
    INLINE float V##_sums_total(V##_sums s) { return nnc_v1_sums_rounded(V##_sums_lanes(s)); }                  \
    INLINE float V##_sums_mean(V##_sums s, size_t n) { return V##_sums_total(s) / (float)n; }                   \
    INLINE V V##_sums_center(V##_sums s, size_t n, V *rest) {                                                   \
        nnc_v1_sums sum = V##_sums_lanes(s);                                                                    \
        float count = (float)n, mean = nnc_v1_sums_rounded(sum) / count, product = nnc_v1_keep(mean * count);   \
        float left = nnc_v1_keep(sum.high - product) - nnc_left_of_product(mean, count, product);               \
        *rest = V##_splat((left + sum.low) / count);                                                            \
        return V##_splat(mean);                                                                                 \
    }                                                                                                           \
    INLINE V V##_sums_scale(V##_sums s, size_t n, float eps) {                                                  \
        return V##_splat(1.0f / sqrtf(V##_sums_mean(s, n) + eps));                                              \
    }                                                                                                           \
    INLINE V##_sums V##_sums_minus_log(V##_sums s) {                                                            \
        nnc_v1_sums sum = V##_sums_lanes(s);                                                                    \
        float total = nnc_v1_keep(nnc_v1_sums_rounded(sum)), rest = nnc_v1_keep(sum.high - total) + sum.low;    \
        s.high = V##_splat(-nnc_v1_log(total));                                                                 \
        s.low = V##_splat(-rest / total);                                                                       \
        return s;                                                                                               \
    }
NNC_DEFINE_MEANS_IN_FLOATS(NNC_INLINE, nnc_v1)
#endif
/* nnc vector4: begin */
#if !defined(NNC_HAS_V4_SUMS)
#define NNC_HAS_V4_SUMS
#include "sums4.h"
#endif
/* nnc vector4: end */
/* nnc wide: begin */
#if defined(NNC_WIDE_LAYERS) && !defined(NNC_HAS_WIDE_SUMS)
#define NNC_HAS_WIDE_SUMS
NNC_DEFINE_SUMS_IN_DOUBLE(NNC_INLINE_V8, nnc_v8, 8)
NNC_DEFINE_SUMS_IN_DOUBLE(NNC_INLINE_V16, nnc_v16, 16)
#endif
/* nnc wide: end */
/* nnc sums: end */
