/* ulp.h: the error of a float result in units in the last place (ulp), for check_accuracy and check_accuracy_functions.
 *
 * A unit is the distance of neighbouring floats at the correctly rounded result; a denormal result's is 2^-149.
 * Infinity counts as 2^128, which would be the next float. */
#ifndef NNC_TESTS_ULP_H
#define NNC_TESTS_ULP_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__FAST_MATH__) /* promises nothing for NaN, infinity and denormals */
#define STRICT 0
#else
#define STRICT 1
#endif

#define BEYOND 3.4028235677973366e38 /* what is not less rounds to infinity in float */
#define AFTER_LAST 0x1p128

static inline float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* 1 / the unit at `want`. */
static inline double per_ulp(double want) {
    int exponent = (int)(bits_of((float)want) >> 23 & 255); /* not by ilogb, which -ffast-math could flush to 0 */
    uint64_t bits = (uint64_t)(1023 + 150 - (exponent < 1 ? 1 : exponent > 254 ? 254 : exponent)) << 52;
    double result;
    memcpy(&result, &bits, sizeof result);
    return result;
}

/* The largest errors so far: in ulp, and absolute among results of at most 1; both and the arguments are 0 at first. */
typedef struct {
    double ulps, error;
    float ulps_at, error_at;
} worst;

static inline double limited(double x) { return x >= BEYOND ? AFTER_LAST : x <= -BEYOND ? -AFTER_LAST : x; }

/* Counts in `got`, a function's result at x, beside what it is in double precision. A wrong NaN is off by 1e9 ulp. */
static inline void measure(worst *w, float x, float got, double want) {
    double error = fabs(limited((double)got) - limited(want)), ulps = error * per_ulp(want);
    if (want != want)
        ulps = got != got ? 0.0 : 1e9;
    else if (STRICT && got != got)
        ulps = 1e9;
    if (fabs(want) <= 1.0 && error > w->error) {
        w->error = error;
        w->error_at = x;
    }
    if (ulps > w->ulps) {
        w->ulps = ulps;
        w->ulps_at = x;
    }
}

#endif
