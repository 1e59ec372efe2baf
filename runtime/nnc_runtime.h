/* nnc_runtime.h: what every C file that nnc writes stands on.
 *
 * nnc compiles a sequence model to one C file and one header. What those files have in common is here: the status
 * codes, vectors of floats, and the activation functions of torch.nn with PyTorch's definitions and limits.
 * The generated .c file includes its own header, then this one, before any function; a program that uses a model
 * includes the model's header and nothing else (`nnc --standalone` even writes this text into the .c file).
 *
 * There is nothing to link but libm, nothing to set up, and no data: every function is `static inline`, works on its
 * arguments alone and may run in any number of threads. Nothing allocates, nothing prints. It is C99 that is also
 * C++11, for any compiler; gcc and clang get vector instructions, others (or -DNNC_PLAIN_C) the same lanes in plain
 * C, and where float arithmetic is IEEE's and -ffast-math is off, the same bits.
 *
 * Everything here begins with nnc_ or NNC_. `nnc --runtime DIR` writes this file out of the compiler.
 *
 * SPDX-License-Identifier: 0BSD
 *
 * Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby
 * granted. THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE
 * INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY
 * SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR
 * PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION
 * WITH THE USE OR PERFORMANCE OF THIS SOFTWARE. */

#ifndef NNC_RUNTIME_H
#define NNC_RUNTIME_H

/* Counts up whenever generated code and this file no longer fit each other. */
#define NNC_RUNTIME_VERSION 1

/* a*b + c is two operations, each rounded, in every language mode; where one rounding is wanted, the code says so. This
 * stands before every function that computes. gcc -std=gnu17 would fuse otherwise, and clang within an expression.
 * (clang obeys an explicit -ffp-contract=fast, and -ffast-math, all the same: accuracy is promised then, not bits.) */
#if defined(__clang__) || defined(__INTEL_COMPILER)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#elif defined(_MSC_VER)
#pragma fp_contract(off)
#elif defined(__STDC_VERSION__)
#pragma STDC FP_CONTRACT OFF
#endif

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* NNC_FUNCTION: a function that some models do not use. NNC_INLINE: one that never costs a call, at -O0 neither.
 * NNC_APART: one whose loops need all registers, which they do not get inside of its caller. NNC_ALIGNED: a table that
 * starts a line of the cache. */
#if defined(__GNUC__)
#define NNC_ALIGNED __attribute__((aligned(64)))
#define NNC_FUNCTION static inline __attribute__((unused))
#define NNC_APART __attribute__((noinline))
#define NNC_INLINE static inline __attribute__((unused, always_inline))
#elif defined(_MSC_VER)
#define NNC_ALIGNED
#define NNC_FUNCTION static __inline
#define NNC_INLINE static __forceinline
#define NNC_APART __declspec(noinline)
#else
#define NNC_ALIGNED
#define NNC_FUNCTION static inline
#define NNC_INLINE static inline
#define NNC_APART
#endif

/* Ten values of a table of floats, as the bits of neighbours, the second one's in the upper half of a number. */
#if defined(__BYTE_ORDER__) && defined(__ORDER_BIG_ENDIAN__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define NNC_PAIR(bits) ((uint64_t)(bits) << 32 | (uint64_t)(bits) >> 32)
#define NNC_ROW(a, b, c, d, e) NNC_PAIR(a), NNC_PAIR(b), NNC_PAIR(c), NNC_PAIR(d), NNC_PAIR(e)
#else
#define NNC_ROW(a, b, c, d, e) a, b, c, d, e
#endif

/* ---- Status --------------------------------------------------------------------------------------------------------
 * What a run function returns. Every generated header carries a copy of the lines between begin and end. */

/* nnc status: begin */
#ifndef NNC_STATUS_DEFINED
#define NNC_STATUS_DEFINED
typedef enum {
    NNC_OK = 0,     /* done: outputs and state are written */
    NNC_ERR_NULL,   /* a pointer is NULL; with this and all that follow, outputs and state are as they were */
    NNC_ERR_DIM,    /* a run-time dimension is outside the bounds that the model declares */
    NNC_ERR_TOKEN,  /* an index into a table (a token of an Embedding) is negative or beyond the table */
    NNC_ERR_LENGTH  /* a length in `lengths` is less than 1 or more than the number of time steps */
} nnc_status;

/* A status in words, for messages: never NULL, not to be freed. */
static inline const char *nnc_status_string(nnc_status status) {
    switch (status) {
    case NNC_OK: return "ok";
    case NNC_ERR_NULL: return "a pointer is NULL";
    case NNC_ERR_DIM: return "a dimension is out of its bounds";
    case NNC_ERR_TOKEN: return "a token is out of range";
    case NNC_ERR_LENGTH: return "a sequence length is out of range";
    }
    return "unknown status";
}
#endif
/* nnc status: end */

/* The first address at or after p at which a vector of the widest kind is aligned; 15 floats may be passed over. A
 * model's struct is aligned to 4 bytes only, so that it may be placed anywhere: its scratch is aligned when used. */
NNC_FUNCTION float *nnc_align(float *p) { return p + ((0 - (uintptr_t)p) & 63) / sizeof(float); }

/* ---- int32 ---------------------------------------------------------------------------------------------------------
 * int32 tensors wrap around, as PyTorch's do; signed overflow in C would be undefined, unsigned is not. */

NNC_FUNCTION int32_t nnc_add_i32(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
NNC_FUNCTION int32_t nnc_sub_i32(int32_t a, int32_t b) { return (int32_t)((uint32_t)a - (uint32_t)b); }
NNC_FUNCTION int32_t nnc_mul_i32(int32_t a, int32_t b) { return (int32_t)((uint32_t)a * (uint32_t)b); }
NNC_FUNCTION int32_t nnc_neg_i32(int32_t x) { return (int32_t)(0u - (uint32_t)x); }
NNC_FUNCTION int32_t nnc_abs_i32(int32_t x) { return x < 0 ? nnc_neg_i32(x) : x; }
NNC_FUNCTION int32_t nnc_max_i32(int32_t a, int32_t b) { return a > b ? a : b; }
NNC_FUNCTION int32_t nnc_min_i32(int32_t a, int32_t b) { return a < b ? a : b; }
NNC_FUNCTION int32_t nnc_relu_i32(int32_t x) { return x < 0 ? 0 : x; }
NNC_FUNCTION int32_t nnc_clamp_i32(int32_t x, int32_t lo, int32_t hi) { return nnc_min_i32(nnc_max_i32(x, lo), hi); }

/* x to the power n; a negative n gives 1 / x^n without its fraction, and 0 for x = 0. */
NNC_FUNCTION int32_t nnc_pow_i32(int32_t x, int32_t n) {
    uint32_t power = 1, square = (uint32_t)x;
    if (n < 0)
        return x == 1 ? 1 : x != -1 ? 0 : n % 2 == 0 ? 1 : -1;
    for (; n != 0; n /= 2, square *= square)
        if (n % 2 != 0)
            power *= square;
    return (int32_t)power;
}

/* ---- One float: layer nnc_v1 ---------------------------------------------------------------------------------------
 * A layer is a vector type and functions named after it. The code of tanh below is written once, against these names,
 * and instantiated for each layer; so are the generated kernels. This is the layer of one lane. */

typedef float nnc_v1;

#if defined(__aarch64__) && defined(__ARM_NEON) && defined(__GNUC__) && !defined(NNC_PLAIN_C) && !defined(_MSC_VER)
#define NNC_NEON 1 /* there madd is one operation; elsewhere it is two in nnc_v1 and nnc_v4 */
#include <arm_neon.h>
NNC_INLINE nnc_v1 nnc_v1_madd(nnc_v1 a, nnc_v1 b, nnc_v1 c) { return __builtin_fmaf(a, b, c); }
#else
NNC_INLINE nnc_v1 nnc_v1_madd(nnc_v1 a, nnc_v1 b, nnc_v1 c) { return a * b + c; }
#endif
NNC_INLINE nnc_v1 nnc_v1_splat(float s) { return s; }
NNC_INLINE nnc_v1 nnc_v1_add(nnc_v1 a, nnc_v1 b) { return a + b; }
NNC_INLINE nnc_v1 nnc_v1_mul(nnc_v1 a, nnc_v1 b) { return a * b; }
NNC_INLINE nnc_v1 nnc_v1_div(nnc_v1 a, nnc_v1 b) { return a / b; }
NNC_INLINE nnc_v1 nnc_v1_min(nnc_v1 a, nnc_v1 b) { return a < b ? a : b; }
NNC_INLINE nnc_v1 nnc_v1_max(nnc_v1 a, nnc_v1 b) { return a > b ? a : b; }
NNC_INLINE nnc_v1 nnc_v1_clamp(nnc_v1 x, nnc_v1 lo, nnc_v1 hi) { return nnc_v1_min(hi, nnc_v1_max(lo, x)); }
NNC_INLINE nnc_v1 nnc_v1_abs(nnc_v1 x) { return fabsf(x); }
NNC_INLINE nnc_v1 nnc_v1_copysign(nnc_v1 x, nnc_v1 sign) { return copysignf(x, sign); }
NNC_INLINE nnc_v1 nnc_v1_if_negative(nnc_v1 x, nnc_v1 a, nnc_v1 b) { return copysignf(1.0f, x) < 0.0f ? a : b; }
NNC_INLINE nnc_v1 nnc_v1_nearest(nnc_v1 x) {
    int32_t i = x > -1e6f && x < 1e6f ? (int32_t)x : 0; /* a NaN gives 0: whatever is made of it is a NaN anyway */
    float rest = x - (float)i;
    i += rest > 0.5f || (rest == 0.5f && i % 2 != 0);
    i -= rest < -0.5f || (rest == -0.5f && i % 2 != 0);
    return (float)i;
}
NNC_INLINE nnc_v1 nnc_v1_scale(nnc_v1 x, nnc_v1 n) {
    int32_t power = (int32_t)n, half = power / 2 - (power % 2 < 0), bits;
    float rest;
    memcpy(&bits, &x, sizeof bits);
    bits = nnc_add_i32(bits, half * 0x800000);
    memcpy(&x, &bits, sizeof bits);
    bits = (power - half + 127) * 0x800000;
    memcpy(&rest, &bits, sizeof bits);
    return x * rest;
}

/* ---- Four floats: layer nnc_v4 -------------------------------------------------------------------------------------
 * Vector instructions and plain C do the same IEEE operations in the same order. Memory need only be aligned as a float
 * is. madd(a, b, c) = a*b + c rounds twice, like add(mul(a, b), c), except on 64-bit ARM: there, and in the wide layers
 * at the end of this file, it is one operation that rounds once, in every language mode.
 *     load(p), store(p, v)           4 floats
 *     load_n(p, n), store_n(p, v, n) the first n <= 4; the other lanes are loaded as 0, and nothing else is touched
 *     zero(), splat(s), add, sub, mul, div, neg, madd, abs
 *     copysign(x, sign)              the magnitude of x with the sign bit of sign
 *     min(a, b), max(a, b)           a < b ? a : b and a > b ? a : b: if either is NaN, b (data on the right)
 *     clamp(x, lo, hi)               min(hi, max(lo, x)): a NaN in x stays, lo > hi gives hi
 *     if_negative(x, a, b)           a where the sign bit of x is set, else b
 *     nearest(x)                     x rounded to an integer, ties to even, |x| < 1e6 (a NaN gives anything)
 *     scale(x, n)                    x * 2^n, rounded once: 0.5 <= x <= 2, n an integer, |n| <= 200
 *     mantissa(x, &e)                x / 2^e, which is at least 1 and less than 2; x positive, finite and no denormal
 *     sqrt(x)                        rounded correctly; NaN for a negative x
 *     if_nan(x, a, b)                a where x is NaN, else b
 *     maximum(a, b), minimum(a, b)   torch's: a NaN wins
 *     join(a, n, b)                  the first n <= 4 lanes of a, the others of b
 *     lane(v, i)                     the float in lane i, 0..3
 *     sum(v)                         (lane 0 + lane 2) + (lane 1 + lane 3): halves are added until one float is left
 *     largest(v), smallest(v)        of the lanes; a NaN wins
 *     gather(p, s, n), scatter(p, s, v, n)   the first n <= 4 lanes from and to p[0], p[s], p[2 * s] ...
 *     pow(a, b)                      powf's
 * V_doubles holds a double for each lane, for long sums:
 *     doubles_splat(s), doubles_add(d, v), doubles_plus(d, e)
 *     doubles_add_square(d, v)       d + v * v
 *     doubles_divided(d, by)         d / by, rounded to float
 *     doubles_sum(d)                 of the lanes, in the order of sum
 *     doubles_tree(d)                the sum of d[0], d[1] and so on (as many as the vector has lanes), in the order of sum */

#if (defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 5)) && !defined(NNC_PLAIN_C) && \
    (defined(__SSE__) || defined(__ARM_NEON) || defined(__ALTIVEC__) || defined(__wasm_simd128__) || defined(__riscv_v))

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__SSE__)
#include <xmmintrin.h>
#endif

/* V_doubles where vectors of doubles, D, have operators: of V_wide(s), a double in all lanes, V_wide_low(v) and
 * V_wide_high(v), the halves of v, and V_narrow(low, high), their way back. */
#define NNC_DEFINE_DOUBLES(INLINE, V, D)                                                              \
    typedef struct {                                                                                  \
        D low, high;                                                                                  \
    } V##_doubles;                                                                                    \
    INLINE V##_doubles V##_doubles_of(D low, D high) {                                                \
        V##_doubles d;                                                                                \
        d.low = low, d.high = high;                                                                   \
        return d;                                                                                     \
    }                                                                                                 \
    INLINE V##_doubles V##_doubles_splat(double s) { return V##_doubles_of(V##_wide(s), V##_wide(s)); }\
    INLINE V##_doubles V##_doubles_plus(V##_doubles d, V##_doubles e) {                               \
        return V##_doubles_of(d.low + e.low, d.high + e.high);                                        \
    }                                                                                                 \
    INLINE V##_doubles V##_doubles_add(V##_doubles d, V v) {                                          \
        return V##_doubles_of(d.low + V##_wide_low(v), d.high + V##_wide_high(v));                    \
    }                                                                                                 \
    INLINE V##_doubles V##_doubles_add_square(V##_doubles d, V v) {                                   \
        D low = V##_wide_low(v), high = V##_wide_high(v);                                             \
        return V##_doubles_of(d.low + low * low, d.high + high * high);                               \
    }                                                                                                 \
    INLINE V V##_doubles_divided(V##_doubles d, double by) {                                          \
        return V##_narrow(d.low / V##_wide(by), d.high / V##_wide(by));                               \
    }

typedef float nnc_v4 __attribute__((vector_size(16)));
typedef int32_t nnc_v4_bits __attribute__((vector_size(16)));

NNC_INLINE nnc_v4 nnc_v4_splat(float s) {
    nnc_v4 v = {s, s, s, s};
    return v;
}
NNC_INLINE float nnc_v4_lane(nnc_v4 v, size_t i) { return v[i]; }
NNC_INLINE nnc_v4 nnc_v4_add(nnc_v4 a, nnc_v4 b) { return a + b; }
NNC_INLINE nnc_v4 nnc_v4_sub(nnc_v4 a, nnc_v4 b) { return a - b; }
NNC_INLINE nnc_v4 nnc_v4_mul(nnc_v4 a, nnc_v4 b) { return a * b; }
NNC_INLINE nnc_v4 nnc_v4_div(nnc_v4 a, nnc_v4 b) { return a / b; }
NNC_INLINE nnc_v4 nnc_v4_neg(nnc_v4 x) { return -x; }
#if defined(NNC_NEON)
NNC_INLINE nnc_v4 nnc_v4_madd(nnc_v4 a, nnc_v4 b, nnc_v4 c) {
    return (nnc_v4)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
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
    return nnc_v4_select((nnc_v4_bits)x < (nnc_v4_bits)nnc_v4_splat(0.0f), a, b);
}
NNC_INLINE nnc_v4 nnc_v4_if_nan(nnc_v4 x, nnc_v4 a, nnc_v4 b) { return nnc_v4_select((nnc_v4_bits)(x == x), b, a); }
NNC_INLINE nnc_v4 nnc_v4_join(nnc_v4 a, size_t n, nnc_v4 b) {
    nnc_v4_bits lane = {0, 1, 2, 3}, count = {(int32_t)n, (int32_t)n, (int32_t)n, (int32_t)n};
    return nnc_v4_select(lane < count, a, b);
}
NNC_INLINE nnc_v4 nnc_v4_mantissa(nnc_v4 x, nnc_v4 *exponent) { /* 0x4b000000 is 2^23: integers become floats */
    nnc_v4_bits two23 = {0x4b000000, 0x4b000000, 0x4b000000, 0x4b000000}, low = {0x7fffff, 0x7fffff, 0x7fffff, 0x7fffff};
    *exponent = (nnc_v4)((((nnc_v4_bits)x) >> 23) | two23) - nnc_v4_splat(8388735.0f);
    return (nnc_v4)(((nnc_v4_bits)x & low) | (nnc_v4_bits)nnc_v4_splat(1.0f));
}
#if defined(__SSE__) /* the instructions do just this; compilers do not find them by themselves */
NNC_INLINE nnc_v4 nnc_v4_min(nnc_v4 a, nnc_v4 b) { return (nnc_v4)_mm_min_ps((__m128)a, (__m128)b); }
NNC_INLINE nnc_v4 nnc_v4_max(nnc_v4 a, nnc_v4 b) { return (nnc_v4)_mm_max_ps((__m128)a, (__m128)b); }
#else
NNC_INLINE nnc_v4 nnc_v4_min(nnc_v4 a, nnc_v4 b) { return nnc_v4_select((nnc_v4_bits)(a < b), a, b); }
NNC_INLINE nnc_v4 nnc_v4_max(nnc_v4 a, nnc_v4 b) { return nnc_v4_select((nnc_v4_bits)(a > b), a, b); }
#endif
#if defined(__SSE2__)
#define NNC_V4_CONVERTS 1
NNC_INLINE nnc_v4 nnc_v4_sqrt(nnc_v4 x) { return (nnc_v4)_mm_sqrt_ps((__m128)x); }
NNC_INLINE __m128d nnc_v4_wide(double s) { return _mm_set1_pd(s); }
NNC_INLINE __m128d nnc_v4_wide_low(nnc_v4 v) { return _mm_cvtps_pd((__m128)v); }
NNC_INLINE __m128d nnc_v4_wide_high(nnc_v4 v) { return _mm_cvtps_pd(_mm_movehl_ps((__m128)v, (__m128)v)); }
NNC_INLINE nnc_v4 nnc_v4_narrow(__m128d low, __m128d high) {
    return (nnc_v4)_mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
}
NNC_DEFINE_DOUBLES(NNC_INLINE, nnc_v4, __m128d)
NNC_INLINE double nnc_v4_doubles_sum(nnc_v4_doubles d) {
    __m128d pair = d.low + d.high;
    return _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)));
}
NNC_INLINE nnc_v4 nnc_v4_nearest(nnc_v4 x) { return (nnc_v4)_mm_cvtepi32_ps(_mm_cvtps_epi32((__m128)x)); }
NNC_INLINE nnc_v4 nnc_v4_scale(nnc_v4 x, nnc_v4 n) {
    __m128i power = _mm_cvtps_epi32((__m128)n), half = _mm_srai_epi32(power, 1);
    __m128i rest = _mm_add_epi32(_mm_sub_epi32(power, half), _mm_set1_epi32(127));
    return (nnc_v4)_mm_add_epi32((__m128i)x, _mm_slli_epi32(half, 23)) * (nnc_v4)_mm_slli_epi32(rest, 23);
}
#elif defined(NNC_NEON)
#define NNC_V4_CONVERTS 1
NNC_INLINE nnc_v4 nnc_v4_sqrt(nnc_v4 x) { return (nnc_v4)vsqrtq_f32((float32x4_t)x); }
NNC_INLINE float64x2_t nnc_v4_wide(double s) { return vdupq_n_f64(s); }
NNC_INLINE float64x2_t nnc_v4_wide_low(nnc_v4 v) { return vcvt_f64_f32(vget_low_f32((float32x4_t)v)); }
NNC_INLINE float64x2_t nnc_v4_wide_high(nnc_v4 v) { return vcvt_high_f64_f32((float32x4_t)v); }
NNC_INLINE nnc_v4 nnc_v4_narrow(float64x2_t low, float64x2_t high) {
    return (nnc_v4)vcvt_high_f32_f64(vcvt_f32_f64(low), high);
}
NNC_DEFINE_DOUBLES(NNC_INLINE, nnc_v4, float64x2_t)
NNC_INLINE double nnc_v4_doubles_sum(nnc_v4_doubles d) {
    float64x2_t pair = d.low + d.high;
    return vgetq_lane_f64(pair, 0) + vgetq_lane_f64(pair, 1);
}
NNC_INLINE nnc_v4 nnc_v4_nearest(nnc_v4 x) { return (nnc_v4)vrndnq_f32((float32x4_t)x); }
NNC_INLINE nnc_v4 nnc_v4_scale(nnc_v4 x, nnc_v4 n) {
    int32x4_t power = vcvtnq_s32_f32((float32x4_t)n), half = vshrq_n_s32(power, 1);
    int32x4_t rest = vaddq_s32(vsubq_s32(power, half), vdupq_n_s32(127));
    return (nnc_v4)vaddq_s32((int32x4_t)x, vshlq_n_s32(half, 23)) * (nnc_v4)vshlq_n_s32(rest, 23);
}
#endif

#else /* plain C */

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

#endif

NNC_INLINE nnc_v4 nnc_v4_zero(void) { return nnc_v4_splat(0.0f); }
NNC_INLINE nnc_v4 nnc_v4_load(const float *p) {
    nnc_v4 v;
    memcpy(&v, p, sizeof v);
    return v;
}
NNC_INLINE nnc_v4 nnc_v4_load_n(const float *p, size_t n) {
    nnc_v4 v = nnc_v4_zero();
    memcpy(&v, p, n * sizeof *p);
    return v;
}
NNC_INLINE void nnc_v4_store(float *p, nnc_v4 v) { memcpy(p, &v, sizeof v); }
NNC_INLINE void nnc_v4_store_n(float *p, nnc_v4 v, size_t n) { memcpy(p, &v, n * sizeof *p); }

/* V_NAME(x, ...) by a scalar expression of lane[i], the lane of x. */
#define NNC_DEFINE_BY_LANE(INLINE, V, LANES, NAME, PARAMETERS, VALUE) \
    INLINE V V##_##NAME PARAMETERS {                                  \
        float lane[LANES];                                            \
        size_t i;                                                     \
        V##_store(lane, x);                                           \
        for (i = 0; i < LANES; i++)                                   \
            lane[i] = VALUE;                                          \
        return V##_load(lane);                                        \
    }

#if !defined(NNC_V4_CONVERTS)
NNC_DEFINE_BY_LANE(NNC_INLINE, nnc_v4, 4, sqrt, (nnc_v4 x), sqrtf(lane[i]))
typedef struct {
    double lane[4];
} nnc_v4_doubles;
NNC_INLINE nnc_v4_doubles nnc_v4_doubles_splat(double s) {
    nnc_v4_doubles d;
    d.lane[0] = d.lane[1] = d.lane[2] = d.lane[3] = s;
    return d;
}
#define NNC_V4_DOUBLES(NAME, ARGUMENT, VALUE)                                                                 \
    NNC_INLINE nnc_v4_doubles nnc_v4_doubles_##NAME(nnc_v4_doubles d, ARGUMENT) {                             \
        size_t i;                                                                                             \
        for (i = 0; i < 4; i++)                                                                               \
            d.lane[i] += VALUE;                                                                               \
        return d;                                                                                             \
    }
NNC_V4_DOUBLES(plus, nnc_v4_doubles e, e.lane[i])
NNC_V4_DOUBLES(add, nnc_v4 v, (double)nnc_v4_lane(v, i))
NNC_V4_DOUBLES(add_square, nnc_v4 v, (double)nnc_v4_lane(v, i) * (double)nnc_v4_lane(v, i))
NNC_INLINE double nnc_v4_doubles_sum(nnc_v4_doubles d) {
    return (d.lane[0] + d.lane[2]) + (d.lane[1] + d.lane[3]);
}
NNC_INLINE nnc_v4 nnc_v4_doubles_divided(nnc_v4_doubles d, double by) {
    float lane[4];
    size_t i;
    for (i = 0; i < 4; i++)
        lane[i] = (float)(d.lane[i] / by);
    return nnc_v4_load(lane);
}
NNC_DEFINE_BY_LANE(NNC_INLINE, nnc_v4, 4, nearest, (nnc_v4 x), nnc_v1_nearest(lane[i]))
NNC_DEFINE_BY_LANE(NNC_INLINE, nnc_v4, 4, scale, (nnc_v4 x, nnc_v4 n), nnc_v1_scale(lane[i], nnc_v4_lane(n, i)))
#endif
NNC_INLINE nnc_v4 nnc_v4_clamp(nnc_v4 x, nnc_v4 lo, nnc_v4 hi) { return nnc_v4_min(hi, nnc_v4_max(lo, x)); }
NNC_INLINE float nnc_v4_sum(nnc_v4 v) {
    return (nnc_v4_lane(v, 0) + nnc_v4_lane(v, 2)) + (nnc_v4_lane(v, 1) + nnc_v4_lane(v, 3));
}

/* torch.maximum, torch.minimum, torch.clamp: a NaN wins; with lo > hi the result is hi. */
NNC_FUNCTION float nnc_maxf(float a, float b) { return a > b || a != a ? a : b; }
NNC_FUNCTION float nnc_minf(float a, float b) { return a < b || a != a ? a : b; }
NNC_FUNCTION float nnc_clampf(float x, float lo, float hi) { return nnc_v1_min(hi, nnc_v1_max(lo, x)); }

/* What is the same in every layer. */
#define NNC_DEFINE_COMMON(INLINE, V, LANES)                                                               \
    INLINE V V##_maximum(V a, V b) { return V##_if_nan(a, a, V##_max(a, b)); }                            \
    INLINE V V##_minimum(V a, V b) { return V##_if_nan(a, a, V##_min(a, b)); }                            \
    INLINE V V##_gather(const float *p, size_t stride, size_t n) {                                        \
        float lane[LANES] = {0.0f};                                                                       \
        size_t i;                                                                                         \
        for (i = 0; i < n; i++)                                                                           \
            lane[i] = p[i * stride];                                                                      \
        return V##_load(lane);                                                                            \
    }                                                                                                     \
    INLINE void V##_scatter(float *p, size_t stride, V v, size_t n) {                                     \
        float lane[LANES];                                                                                \
        size_t i;                                                                                         \
        V##_store(lane, v);                                                                               \
        for (i = 0; i < n; i++)                                                                           \
            p[i * stride] = lane[i];                                                                      \
    }                                                                                                     \
    INLINE V V##_pow(V a, V b) {                                                                          \
        float base[LANES], exponent[LANES];                                                               \
        size_t i;                                                                                         \
        V##_store(base, a);                                                                               \
        V##_store(exponent, b);                                                                           \
        for (i = 0; i < LANES; i++)                                                                       \
            base[i] = powf(base[i], exponent[i]);                                                         \
        return V##_load(base);                                                                            \
    }                                                                                                     \
    INLINE V##_doubles V##_doubles_tree(const V##_doubles *d) {                                           \
        V##_doubles sums[LANES / 2];                                                                      \
        size_t i, n;                                                                                      \
        for (i = 0; i < LANES / 2; i++)                                                                   \
            sums[i] = V##_doubles_plus(d[i], d[i + LANES / 2]);                                           \
        for (n = LANES / 4; n > 0; n /= 2)                                                                \
            for (i = 0; i < n; i++)                                                                       \
                sums[i] = V##_doubles_plus(sums[i], sums[i + n]);                                         \
        return sums[0];                                                                                   \
    }

NNC_DEFINE_COMMON(NNC_INLINE, nnc_v4, 4)
NNC_INLINE float nnc_v4_largest(nnc_v4 v) {
    return nnc_maxf(nnc_maxf(nnc_v4_lane(v, 0), nnc_v4_lane(v, 2)), nnc_maxf(nnc_v4_lane(v, 1), nnc_v4_lane(v, 3)));
}
NNC_INLINE float nnc_v4_smallest(nnc_v4 v) {
    return nnc_minf(nnc_minf(nnc_v4_lane(v, 0), nnc_v4_lane(v, 2)), nnc_minf(nnc_v4_lane(v, 1), nnc_v4_lane(v, 3)));
}

/* ---- tanh and sigmoid of the gates ---------------------------------------------------------------------------------
 * Without branches and without libm. With p / 2q a rational approximation of tanh(x / 2), for x >= 0:
 *
 *     tanh(x) = 2t / (1 + t*t), t = p / 2q                                        (the double-argument formula)
 *             = n / (n + d*d),  n = p*q,  d = q - p/2
 *
 * The errors of n cancel, and towards saturation d vanishes: there the result is exactly 1, so a saturated gate
 * passes its value on unchanged for ever (with p / q alone it would leak 1e-7 a step). Since d*d >= 0 it never
 * exceeds 1. p = x (1 + P1 u + P2 u^2) and q = 1 + Q1 u + Q2 u^2 + Q3 u^3 with u = x*x are fitted by weighted least
 * squares, the target bent beyond x = 6 so that p = 2q where x is cut off.
 *
 * Measured over all float32 against float64 (tests/unit/check_accuracy.c):
 *     tanh            absolute error at most 1.55e-7, at most 4.9 units in the last place everywhere
 *     sigmoid         absolute error at most 1.07e-7
 * tanh is odd bit for bit and x itself near 0; sigmoid is 0 from -17.98 down, 1 wherever that is nearest. NaN stays.
 * This sigmoid has no relative accuracy where it is tiny: V_sigmoid_by_exp below has.
 *
 * -ffast-math may divide by an approximate reciprocal and miss 1 (and its errors reach 2.5e-7); there, two more steps
 * put 1 where float32 cannot tell sigmoid(2x) from 1, which changes nothing before: x / 8.66 is less than tanh(x). */
#define NNC_TANH_P1 0.0292177126f
#define NNC_TANH_P2 0.000102042912f
#define NNC_TANH_Q1 0.112550914f
#define NNC_TANH_Q2 0.00114808104f
#define NNC_TANH_Q3 9.65951131e-07f
#define NNC_TANH_SATURATED 8.9872f

#if defined(__FAST_MATH__) || defined(_M_FP_FAST) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0)
#define NNC_TANH_QUOTIENT(V, n, d, x)                                                                    \
    V##_min(V##_splat(1.0f),                                                                             \
            V##_max(V##_mul(V##_abs(x), V##_splat(1.0f / 8.66f)), V##_div(n, d)))
#else
#define NNC_TANH_QUOTIENT(V, n, d, x) V##_div(n, d)
#endif

/* V_tanh_ratio(x, &d): n and d of |x|. V_tanh(x), V_sigmoid_of_half(h) = sigmoid(2h) (the weights of a gate are halved
 * at compile time), V_sigmoid(x). */
#define NNC_DEFINE_TANH(INLINE, V)                                                                            \
    INLINE V V##_tanh_ratio(V x, V *denominator) {                                                            \
        V a = V##_min(V##_splat(NNC_TANH_SATURATED), V##_abs(x)); /* in this order NaN stays */               \
        V u = V##_mul(a, a);                                                                                  \
        V p = V##_madd(V##_splat(NNC_TANH_P2), u, V##_splat(NNC_TANH_P1));                                     \
        V q = V##_madd(V##_splat(NNC_TANH_Q3), u, V##_splat(NNC_TANH_Q2));                                     \
        V n, d;                                                                                               \
        p = V##_madd(p, V##_mul(a, u), a);                                                                    \
        q = V##_madd(V##_madd(q, u, V##_splat(NNC_TANH_Q1)), u, V##_splat(1.0f));                              \
        n = V##_mul(p, q);                                                                                    \
        d = V##_madd(V##_splat(-0.5f), p, q);                                                                 \
        *denominator = V##_madd(d, d, n);                                                                     \
        return n;                                                                                             \
    }                                                                                                         \
    INLINE V V##_tanh(V x) {                                                                                  \
        V d, n = V##_tanh_ratio(x, &d);                                                                       \
        return V##_copysign(NNC_TANH_QUOTIENT(V, n, d, x), x);                                                \
    }                                                                                                         \
    INLINE V V##_sigmoid_of_half(V h) { return V##_madd(V##_splat(0.5f), V##_tanh(h), V##_splat(0.5f)); }      \
    INLINE V V##_sigmoid(V x) { return V##_sigmoid_of_half(V##_mul(V##_splat(0.5f), x)); }

/* h' = V_lstm(i, f, g, o, c, &c'): an LSTM's cell after its products, c' = f*c + i*g and h' = o*tanh(c'). The gates
 * come as they are summed, i, f and o halved. With sigmoid(2x) = (d + n) / 2d a product of two activations is one
 * quotient: three divisions instead of five (two would take more multiplications than they save). f has its own, so
 * that where it is 1 and i is 0 (d + n cancels), c' is c to the bit. */
#define NNC_DEFINE_LSTM(INLINE, V)                                                                            \
    INLINE V V##_sigmoid_times_tanh(V h, V x) {                                                               \
        V dh, dx, nh = V##_tanh_ratio(h, &dh), nx = V##_tanh_ratio(x, &dx);                                   \
        return V##_div(V##_mul(V##_add(dh, V##_copysign(nh, h)), V##_copysign(nx, x)),                        \
                       V##_mul(V##_add(dh, dh), dx));                                                         \
    }                                                                                                         \
    INLINE V V##_lstm(V i, V f, V g, V o, V c, V *next_c) {                                                   \
        *next_c = V##_madd(V##_sigmoid_of_half(f), c, V##_sigmoid_times_tanh(i, g));                          \
        return V##_sigmoid_times_tanh(o, *next_c);                                                            \
    }

/* exp(x) = 2^k e^f, f = x - k*HI exactly, HI being the upper 16 bits of ln 2; for the rest of ln 2 the result is
 * multiplied by 1 - k*LO. (To subtract k*LO from f would be as good, but -ffast-math then adds HI and LO together.)
 * e^f = 1 + f + f^2 (...), minimax over |f| <= 0.347, 3e-9. At most 2 units in the last place, from 0 and the denormals
 * to infinity; NaN stays. */
#define NNC_DEFINE_EXP(INLINE, V)                                                                             \
    INLINE V V##_exp(V x) {                                                                                   \
        V a = V##_clamp(x, V##_splat(-105.0f), V##_splat(89.0f));                                             \
        V k = V##_nearest(V##_mul(a, V##_splat(1.44269502f)));                                                \
        V f = V##_madd(k, V##_splat(-0.693145752f), a);                                                       \
        V q = V##_madd(V##_splat(0.00138144335f), f, V##_splat(0.00836879667f));                              \
        q = V##_madd(V##_madd(q, f, V##_splat(0.0416683964f)), f, V##_splat(0.166665196f));                   \
        q = V##_add(V##_splat(1.0f), V##_madd(V##_madd(q, f, V##_splat(0.49999994f)), V##_mul(f, f), f));     \
        return V##_scale(V##_madd(V##_mul(k, V##_splat(-1.42860677e-06f)), q, q), k);                         \
    }

NNC_DEFINE_TANH(NNC_INLINE, nnc_v1)
NNC_DEFINE_TANH(NNC_INLINE, nnc_v4)
NNC_DEFINE_LSTM(NNC_INLINE, nnc_v4)
NNC_DEFINE_EXP(NNC_INLINE, nnc_v1)
NNC_DEFINE_EXP(NNC_INLINE, nnc_v4)

/* ---- Functions of one argument -------------------------------------------------------------------------------------
 * torch.nn.functional's (and Keras's hard_sigmoid, selu, silu, softsign) on a vector, with small relative errors over
 * all of float32: docs/accuracy.md has the table. Infinities are as in PyTorch, NaN gives NaN. V_exp is above; V_tanh and
 * V_sigmoid are the gates' own, V_tanh_by_exp and V_sigmoid_by_exp what torch.tanh and torch.sigmoid become. */

/* gelu is x * phi(x), phi(x) the normal distribution function, and phi(-a) = exp(-a^2 / 2) n / (sqrt(2 pi) a n + d), n
 * and d polynomials of a, minimax for 0 <= a <= 14.5, 1.5e-9; in this form the errors of n cancel where a is large. The
 * square of a has to be known to twice the precision: a = h + (a - h), h of 12 bits. */

/* V_exp_parts(a, b, &k) 2^k = exp(a + b), |k| <= 200, where a is a multiple of 2^-17 and b is small: not scaled yet, so
 * that a factor can be multiplied into denormal results. V_exp_parts_less_1 is what it gives - 1: y + y times that is
 * rounded less often than a product with V_exp_parts.
 * V_expm1(x) = exp(x) - 1 for x <= 80, and V_log1p_of(e) = log(1 + e) for 0 <= e <= 1. */
#define NNC_DEFINE_FUNCTIONS(INLINE, V)                                                                       \
    INLINE V V##_exp_rest(V f) { /* exp(f) - 1, |f| <= 0.347, as in V_exp */                                  \
        V q = V##_madd(V##_splat(0.00138144335f), f, V##_splat(0.00836879667f));                              \
        q = V##_madd(V##_madd(q, f, V##_splat(0.0416683964f)), f, V##_splat(0.166665196f));                   \
        return V##_madd(V##_madd(q, f, V##_splat(0.49999994f)), V##_mul(f, f), f);                            \
    }                                                                                                         \
    INLINE V V##_exp_reduced(V a, V b, V *k) { /* without the rest of ln 2 */                                 \
        *k = V##_nearest(V##_mul(V##_add(a, b), V##_splat(1.44269502f)));                                     \
        return V##_exp_rest(V##_add(V##_madd(*k, V##_splat(-0.693145752f), a), b));                           \
    }                                                                                                         \
    INLINE V V##_exp_parts(V a, V b, V *k) {                                                                  \
        V q = V##_add(V##_splat(1.0f), V##_exp_reduced(a, b, k));                                             \
        return V##_madd(V##_mul(*k, V##_splat(-1.42860677e-06f)), q, q);                                      \
    }                                                                                                         \
    INLINE V V##_exp_parts_less_1(V a, V b, V *k) {                                                           \
        V q = V##_exp_reduced(a, b, k);                                                                       \
        return V##_madd(V##_mul(*k, V##_splat(-1.42860677e-06f)), V##_add(V##_splat(1.0f), q), q);            \
    }                                                                                                         \
    INLINE V V##_expm1(V x) {                                                                                 \
        V a = V##_max(V##_splat(-30.0f), x), k = V##_nearest(V##_mul(a, V##_splat(1.44269502f)));             \
        V q = V##_exp_rest(V##_madd(k, V##_splat(-0.693145752f), a)), power = V##_scale(V##_splat(1.0f), k);  \
        q = V##_madd(V##_mul(k, V##_splat(-1.42860677e-06f)), V##_add(V##_splat(1.0f), q), q);                \
        return V##_madd(power, q, V##_sub(power, V##_splat(1.0f)));                                           \
    }                                                                                                         \
    INLINE V V##_log1p_of(V e) { /* 2 artanh(t), t = e / (2 + e) */                                           \
        V t = V##_div(e, V##_add(V##_splat(2.0f), e)), u = V##_mul(t, t);                                     \
        V p = V##_madd(V##_splat(0.280244708f), u, V##_splat(0.279991388f));                                  \
        p = V##_madd(V##_madd(p, u, V##_splat(0.400216997f)), u, V##_splat(0.666664124f));                    \
        return V##_madd(V##_mul(t, u), p, V##_add(t, t));                                                     \
    }                                                                                                         \
    /* relu(x) - g, g for |x|; -infinity gives NaN, as 0 * x does */                                          \
    INLINE V V##_gated(V x, V g) {                                                                            \
        return V##_madd(V##_min(V##_zero(), x), V##_zero(), V##_sub(V##_max(V##_zero(), x), g));              \
    }                                                                                                         \
    INLINE V V##_polynomial(V x, float a, float b, float c, float d) {                                        \
        return V##_madd(V##_madd(V##_madd(V##_splat(a), x, V##_splat(b)), x, V##_splat(c)), x, V##_splat(d)); \
    }                                                                                                         \
    INLINE V V##_tanh_by_exp(V x) { /* 9.01091385 is the first float whose tanh rounds to 1 */                \
        V a = V##_min(V##_splat(9.01091385f), V##_abs(x)), e = V##_expm1(V##_add(a, a));                      \
        V t = V##_div(e, V##_add(e, V##_splat(2.0f)));                                                        \
        return V##_copysign(V##_max(V##_mul(a, V##_splat(0.11097654f)), t), x);                               \
    }                                                                                                         \
    INLINE V V##_sigmoid_by_exp(V x) {                                                                        \
        V e = V##_exp(V##_neg(V##_abs(x)));                                                                   \
        return V##_div(V##_if_negative(x, e, V##_splat(1.0f)), V##_add(V##_splat(1.0f), e));                  \
    }                                                                                                         \
    INLINE V V##_silu(V x) {                                                                                  \
        V k, a = V##_min(V##_splat(130.0f), V##_abs(x)), q = V##_exp_parts(V##_neg(a), V##_zero(), &k);       \
        V e = V##_add(V##_splat(1.0f), V##_scale(q, k));                                                      \
        return V##_gated(x, V##_scale(V##_div(V##_mul(a, q), e), k));                                         \
    }                                                                                                         \
    INLINE V V##_gelu(V x) {                                                                                  \
        V k, y, q, a = V##_min(V##_splat(14.5f), V##_abs(x));                                                 \
        V h = V##_mul(V##_nearest(V##_mul(a, V##_splat(256.0f))), V##_splat(0.00390625f));                    \
        V half_h = V##_mul(V##_splat(-0.5f), h), half_sum = V##_madd(V##_splat(-0.5f), a, half_h);            \
        V n = V##_polynomial(a, 0.00125026249f, 0.0149485348f, 0.0855086297f, 0.283211172f);                  \
        V d = V##_polynomial(a, 0.00313425041f, 0.0374550149f, 0.208407626f, 0.630655229f);                   \
        n = V##_madd(V##_madd(n, a, V##_splat(0.543042421f)), V##_mul(a, a), V##_mul(V##_splat(0.5f), a));    \
        d = V##_add(V##_splat(1.0f), V##_madd(V##_splat(2.50662827f), n, V##_mul(d, a)));                     \
        q = V##_exp_parts_less_1(V##_mul(half_h, h), V##_mul(V##_sub(a, h), half_sum), &k);                   \
        y = V##_div(n, d);                                                                                    \
        return V##_gated(x, V##_scale(V##_madd(y, q, y), k));                                                 \
    }                                                                                                         \
    /* x / (1 + exp(-w)), w = x (1.59576912 + 0.0713548163 x^2), in two parts of which the first is exact: products of \
     * factors of 12 bits each */                                                                             \
    INLINE V V##_gelu_tanh(V x) {                                                                             \
        V k, q, e, a = V##_min(V##_splat(11.5f), V##_abs(x));                                                 \
        V h = V##_mul(V##_nearest(V##_mul(a, V##_splat(256.0f))), V##_splat(0.00390625f)), l = V##_sub(a, h); \
        V y = V##_mul(h, h), yh = V##_mul(V##_nearest(V##_mul(y, V##_splat(16.0f))), V##_splat(0.0625f));     \
        V yl = V##_madd(l, V##_add(a, h), V##_sub(y, yh));                                                    \
        V t = V##_madd(V##_splat(0.0713500977f), yh, V##_splat(1.59576988f));                                 \
        V tl = V##_madd(V##_splat(4.71861635e-06f), yh, V##_splat(-7.60596418e-07f));                         \
        V th = V##_mul(V##_nearest(V##_mul(t, V##_splat(256.0f))), V##_splat(0.00390625f));                   \
        V rest = V##_madd(V##_madd(V##_splat(0.0713548163f), yl, tl), a, V##_mul(h, V##_sub(t, th)));         \
        rest = V##_madd(l, t, rest);                                                                          \
        q = V##_exp_parts(V##_neg(V##_mul(h, th)), V##_neg(rest), &k);                                        \
        e = V##_add(V##_splat(1.0f), V##_scale(q, k));                                                        \
        return V##_gated(x, V##_scale(V##_div(V##_mul(a, q), e), k));                                         \
    }                                                                                                         \
    /* log(x) = e log(2) + log(m), m from 0.707 to 1.414 by artanh as above */                                \
    INLINE V V##_log(V x) {                                                                                   \
        V denormal = V##_sub(x, V##_splat(1.17549435e-38f)), e, t, u, p, r;                                   \
        V m = V##_mantissa(V##_abs(V##_if_negative(denormal, V##_mul(x, V##_splat(16777216.0f)), x)), &e);    \
        V high = V##_sub(V##_splat(1.41421354f), m);                                                          \
        e = V##_add(e, V##_if_negative(denormal, V##_splat(-24.0f), V##_zero()));                             \
        e = V##_add(e, V##_if_negative(high, V##_splat(1.0f), V##_zero()));                                   \
        m = V##_sub(V##_mul(m, V##_if_negative(high, V##_splat(0.5f), V##_splat(1.0f))), V##_splat(1.0f));    \
        t = V##_div(m, V##_add(V##_splat(2.0f), m));                                                          \
        u = V##_mul(t, t);                                                                                    \
        p = V##_madd(V##_madd(V##_splat(0.29871735f), u, V##_splat(0.399775416f)), u, V##_splat(0.666667759f)); \
        p = V##_madd(V##_mul(t, u), p, V##_mul(e, V##_splat(1.42860677e-06f)));                               \
        r = V##_madd(e, V##_splat(0.693145752f), V##_add(V##_add(t, t), p));                                  \
        r = V##_if_negative(V##_sub(V##_splat(3.40282347e+38f), x), x, r); /* infinity */                     \
        r = V##_if_negative(x, V##_splat(NAN), r);                                                            \
        r = V##_if_negative(V##_sub(V##_abs(x), V##_splat(1.40129846e-45f)), V##_splat(-INFINITY), r);        \
        return V##_if_nan(x, x, r);                                                                           \
    }                                                                                                         \
    /* log(1 + exp(beta x)) / beta; x itself where beta x is above the threshold */                           \
    INLINE V V##_softplus(V x, float beta, float threshold) {                                                 \
        V s = V##_mul(V##_splat(beta), x), e = V##_exp(V##_neg(V##_abs(s)));                                  \
        V y = V##_div(V##_add(V##_max(V##_zero(), s), V##_log1p_of(e)), V##_splat(beta));                     \
        return V##_if_negative(V##_sub(V##_splat(threshold), s), x, y);                                       \
    }                                                                                                         \
    /* alpha * (exp(x) - 1) where x is negative; selu with its two constants */                               \
    INLINE V V##_elu(V x, float alpha) {                                                                      \
        return V##_madd(V##_splat(alpha), V##_expm1(V##_min(V##_zero(), x)), V##_max(V##_zero(), x));         \
    }                                                                                                         \
    INLINE V V##_selu(V x) {                                                                                  \
        V e = V##_mul(V##_splat(1.75809934f), V##_expm1(V##_min(V##_zero(), x)));                             \
        return V##_madd(V##_splat(1.05070098f), V##_max(V##_zero(), x), e);                                   \
    }                                                                                                         \
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
    INLINE V V##_softsign(V x) { return V##_div(x, V##_add(V##_splat(1.0f), V##_abs(x))); }

NNC_DEFINE_FUNCTIONS(NNC_INLINE, nnc_v4)

#endif /* NNC_RUNTIME_H */

/* ---- Wide vectors: layers nnc_v8 (AVX2 and FMA) and nnc_v16 (AVX-512 F, VL, DQ, BW) --------------------------------
 * For a file that defines NNC_WIDE_VECTORS as 1 before it includes this one (<immintrin.h> takes half a second to
 * compile), on x86-64 in gcc and clang, without any compiler flag. A function that uses a layer is declared with
 * NNC_TARGET_V8 or NNC_TARGET_V16 (NNC_TARGET_V4 is nothing) and may only be called where nnc_isa() allows it; there is
 * none of them where NNC_HAS_V8 or NNC_HAS_V16 is 0. The layers have all that nnc_v4 has; madd rounds once. */

#if defined(NNC_WIDE_VECTORS) && !defined(NNC_HAS_V8)
#define NNC_TARGET_V4

/* (In gcc for Windows the stack is not aligned for such vectors; old compilers do not know AVX-512.) */
#if defined(__x86_64__) && defined(__SSE2__) && !defined(NNC_PLAIN_C) && !defined(_WIN32) && \
    (defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 7))
#include <immintrin.h>
#define NNC_HAS_V8 1
#define NNC_HAS_V16 1
#define NNC_TARGET_V8 __attribute__((target("avx2,fma")))
#define NNC_TARGET_V16 __attribute__((target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw")))
/* A part of a vector is stored without a mask where its size is known: what is stored so can be loaded again at once. */
#define NNC_HAS_PARTS 0
#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#undef NNC_HAS_PARTS
#define NNC_HAS_PARTS 1
#endif
#endif
#define NNC_INLINE_V8 NNC_TARGET_V8 NNC_INLINE
#define NNC_INLINE_V16 NNC_TARGET_V16 NNC_INLINE
typedef __m256 nnc_v8;
typedef __m512 nnc_v16;
/* The instruction set to use: 0 nnc_v4, 1 nnc_v8, 2 nnc_v16. NNC_FORCE_ISA decides at compile time, for tests. */
NNC_FUNCTION int nnc_isa(void) {
#if defined(NNC_FORCE_ISA)
    return NNC_FORCE_ISA;
#else
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return 0;
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") ? 2 : 1;
#endif
}

#define NNC_DEFINE_OPERATORS(INLINE, V)                                                            \
    INLINE V V##_add(V a, V b) { return a + b; }                                                   \
    INLINE V V##_sub(V a, V b) { return a - b; }                                                   \
    INLINE V V##_mul(V a, V b) { return a * b; }                                                   \
    INLINE V V##_div(V a, V b) { return a / b; }                                                   \
    INLINE V V##_neg(V x) { return -x; }                                                           \
    INLINE V V##_clamp(V x, V lo, V hi) { return V##_min(hi, V##_max(lo, x)); }                    \
    INLINE float V##_lane(V v, size_t i) { return v[i]; }

/* The lanes before n: all bits set. */
NNC_INLINE_V8 __m256i nnc_v8_first(size_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
NNC_INLINE_V8 nnc_v8 nnc_v8_zero(void) { return _mm256_setzero_ps(); }
NNC_INLINE_V8 nnc_v8 nnc_v8_splat(float s) { return _mm256_set1_ps(s); }
NNC_INLINE_V8 nnc_v8 nnc_v8_load(const float *p) { return _mm256_loadu_ps(p); }
NNC_INLINE_V8 nnc_v8 nnc_v8_load_n(const float *p, size_t n) {
#if defined(__SANITIZE_ADDRESS__) /* gcc's thinks that masked lanes are read */
    nnc_v8 v = _mm256_setzero_ps();
    memcpy(&v, p, n * sizeof *p);
    return v;
#else
    return _mm256_maskload_ps(p, nnc_v8_first(n));
#endif
}
NNC_INLINE_V8 void nnc_v8_store(float *p, nnc_v8 v) { _mm256_storeu_ps(p, v); }
NNC_INLINE_V8 void nnc_v8_store_n(float *p, nnc_v8 v, size_t n) {
#if NNC_HAS_PARTS
    if (__builtin_constant_p(n) && n == 4) {
        _mm_storeu_ps(p, (__m128)__builtin_shufflevector(v, v, 0, 1, 2, 3));
        return;
    }
#endif
    _mm256_maskstore_ps(p, nnc_v8_first(n), v);
}
NNC_INLINE_V8 nnc_v8 nnc_v8_madd(nnc_v8 a, nnc_v8 b, nnc_v8 c) { return _mm256_fmadd_ps(a, b, c); }
NNC_INLINE_V8 nnc_v8 nnc_v8_min(nnc_v8 a, nnc_v8 b) { return _mm256_min_ps(a, b); }
NNC_INLINE_V8 nnc_v8 nnc_v8_max(nnc_v8 a, nnc_v8 b) { return _mm256_max_ps(a, b); }
NNC_INLINE_V8 nnc_v8 nnc_v8_abs(nnc_v8 x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }
NNC_INLINE_V8 nnc_v8 nnc_v8_copysign(nnc_v8 x, nnc_v8 sign) {
    return _mm256_or_ps(nnc_v8_abs(x), _mm256_and_ps(_mm256_set1_ps(-0.0f), sign));
}
NNC_INLINE_V8 nnc_v8 nnc_v8_if_negative(nnc_v8 x, nnc_v8 a, nnc_v8 b) { return _mm256_blendv_ps(b, a, x); }
NNC_INLINE_V8 nnc_v8 nnc_v8_nearest(nnc_v8 x) { return _mm256_cvtepi32_ps(_mm256_cvtps_epi32(x)); }
NNC_INLINE_V8 nnc_v8 nnc_v8_scale(nnc_v8 x, nnc_v8 n) {
    __m256i power = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(power, 1);
    __m256i rest = _mm256_add_epi32(_mm256_sub_epi32(power, half), _mm256_set1_epi32(127));
    x = _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), _mm256_slli_epi32(half, 23)));
    return x * _mm256_castsi256_ps(_mm256_slli_epi32(rest, 23));
}
NNC_INLINE_V8 nnc_v8 nnc_v8_mantissa(nnc_v8 x, nnc_v8 *exponent) {
    __m256i bits = _mm256_castps_si256(x), two23 = _mm256_set1_epi32(0x4b000000), low = _mm256_set1_epi32(0x7fffff);
    *exponent = _mm256_castsi256_ps(_mm256_or_si256(_mm256_srli_epi32(bits, 23), two23)) - nnc_v8_splat(8388735.0f);
    return _mm256_or_ps(_mm256_castsi256_ps(_mm256_and_si256(bits, low)), nnc_v8_splat(1.0f));
}
NNC_INLINE_V8 nnc_v8 nnc_v8_sqrt(nnc_v8 x) { return _mm256_sqrt_ps(x); }
NNC_INLINE_V8 nnc_v8 nnc_v8_if_nan(nnc_v8 x, nnc_v8 a, nnc_v8 b) {
    return _mm256_blendv_ps(b, a, _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
}
NNC_INLINE_V8 nnc_v8 nnc_v8_join(nnc_v8 a, size_t n, nnc_v8 b) {
    return _mm256_blendv_ps(b, a, _mm256_castsi256_ps(nnc_v8_first(n)));
}
NNC_INLINE_V8 __m256d nnc_v8_wide(double s) { return _mm256_set1_pd(s); }
NNC_INLINE_V8 __m256d nnc_v8_wide_low(nnc_v8 v) { return _mm256_cvtps_pd(_mm256_castps256_ps128(v)); }
NNC_INLINE_V8 __m256d nnc_v8_wide_high(nnc_v8 v) { return _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1)); }
NNC_INLINE_V8 nnc_v8 nnc_v8_narrow(__m256d low, __m256d high) {
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(low)), _mm256_cvtpd_ps(high), 1);
}
NNC_DEFINE_DOUBLES(NNC_INLINE_V8, nnc_v8, __m256d)
NNC_INLINE_V8 double nnc_v8_doubles_sum(nnc_v8_doubles d) {
    __m256d four = d.low + d.high;
    return nnc_v4_doubles_sum(nnc_v4_doubles_of(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1)));
}
NNC_INLINE_V8 float nnc_v8_largest(nnc_v8 v) {
    return nnc_v4_largest(nnc_v4_maximum((nnc_v4)_mm256_castps256_ps128(v), (nnc_v4)_mm256_extractf128_ps(v, 1)));
}
NNC_INLINE_V8 float nnc_v8_smallest(nnc_v8 v) {
    return nnc_v4_smallest(nnc_v4_minimum((nnc_v4)_mm256_castps256_ps128(v), (nnc_v4)_mm256_extractf128_ps(v, 1)));
}
NNC_INLINE_V8 float nnc_v8_sum(nnc_v8 v) {
    return nnc_v4_sum((nnc_v4)(_mm256_castps256_ps128(v) + _mm256_extractf128_ps(v, 1)));
}
NNC_DEFINE_OPERATORS(NNC_INLINE_V8, nnc_v8)
NNC_DEFINE_TANH(NNC_INLINE_V8, nnc_v8)
NNC_DEFINE_LSTM(NNC_INLINE_V8, nnc_v8)
NNC_DEFINE_EXP(NNC_INLINE_V8, nnc_v8)
NNC_DEFINE_COMMON(NNC_INLINE_V8, nnc_v8, 8)
NNC_DEFINE_FUNCTIONS(NNC_INLINE_V8, nnc_v8)

/* (The forms with a mask of all lanes become the plain instructions; the plain forms warn in g++ 12.) */
#define NNC_ALL ((__mmask16)0xffff)
NNC_INLINE_V16 __mmask16 nnc_v16_first(size_t n) { return (__mmask16)((1u << n) - 1u); }
NNC_INLINE_V16 nnc_v16 nnc_v16_zero(void) { return _mm512_setzero_ps(); }
NNC_INLINE_V16 nnc_v16 nnc_v16_splat(float s) { return _mm512_set1_ps(s); }
NNC_INLINE_V16 nnc_v16 nnc_v16_load(const float *p) { return _mm512_loadu_ps(p); }
NNC_INLINE_V16 nnc_v16 nnc_v16_load_n(const float *p, size_t n) {
#if defined(__SANITIZE_ADDRESS__)
    nnc_v16 v = _mm512_setzero_ps();
    memcpy(&v, p, n * sizeof *p);
    return v;
#else
    return _mm512_maskz_loadu_ps(nnc_v16_first(n), p);
#endif
}
NNC_INLINE_V16 void nnc_v16_store(float *p, nnc_v16 v) { _mm512_storeu_ps(p, v); }
NNC_INLINE_V16 void nnc_v16_store_n(float *p, nnc_v16 v, size_t n) {
#if NNC_HAS_PARTS
    if (__builtin_constant_p(n) && n == 4) {
        _mm_storeu_ps(p, (__m128)__builtin_shufflevector(v, v, 0, 1, 2, 3));
        return;
    }
    if (__builtin_constant_p(n) && n == 8) {
        _mm256_storeu_ps(p, (__m256)__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7));
        return;
    }
#endif
    _mm512_mask_storeu_ps(p, nnc_v16_first(n), v);
}
NNC_INLINE_V16 nnc_v16 nnc_v16_madd(nnc_v16 a, nnc_v16 b, nnc_v16 c) { return _mm512_fmadd_ps(a, b, c); }
NNC_INLINE_V16 nnc_v16 nnc_v16_min(nnc_v16 a, nnc_v16 b) { return _mm512_maskz_min_ps(NNC_ALL, a, b); }
NNC_INLINE_V16 nnc_v16 nnc_v16_max(nnc_v16 a, nnc_v16 b) { return _mm512_maskz_max_ps(NNC_ALL, a, b); }
NNC_INLINE_V16 nnc_v16 nnc_v16_abs(nnc_v16 x) { return _mm512_maskz_andnot_ps(NNC_ALL, _mm512_set1_ps(-0.0f), x); }
NNC_INLINE_V16 nnc_v16 nnc_v16_copysign(nnc_v16 x, nnc_v16 sign) { /* 0xca: the first word's bits choose */
    return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(_mm512_set1_epi32(INT32_MIN), _mm512_castps_si512(sign),
                                                         _mm512_castps_si512(x), 0xca));
}
NNC_INLINE_V16 nnc_v16 nnc_v16_if_negative(nnc_v16 x, nnc_v16 a, nnc_v16 b) {
    return _mm512_mask_blend_ps(_mm512_movepi32_mask(_mm512_castps_si512(x)), b, a);
}
NNC_INLINE_V16 nnc_v16 nnc_v16_nearest(nnc_v16 x) {
    return _mm512_maskz_cvtepi32_ps(NNC_ALL, _mm512_maskz_cvtps_epi32(NNC_ALL, x));
}
NNC_INLINE_V16 nnc_v16 nnc_v16_scale(nnc_v16 x, nnc_v16 n) { return _mm512_maskz_scalef_ps(NNC_ALL, x, n); }
NNC_INLINE_V16 nnc_v16 nnc_v16_mantissa(nnc_v16 x, nnc_v16 *exponent) {
    __m512i shifted = _mm512_maskz_srli_epi32(NNC_ALL, _mm512_castps_si512(x), 23);
    *exponent = _mm512_maskz_cvtepi32_ps(NNC_ALL, shifted) - _mm512_set1_ps(127.0f);
    return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(_mm512_set1_epi32(0x7fffff), _mm512_castps_si512(x),
                                                         _mm512_set1_epi32(0x3f800000), 0xca)); /* as in copysign */
}
NNC_INLINE_V16 nnc_v16 nnc_v16_sqrt(nnc_v16 x) { return _mm512_maskz_sqrt_ps(NNC_ALL, x); }
NNC_INLINE_V16 nnc_v16 nnc_v16_if_nan(nnc_v16 x, nnc_v16 a, nnc_v16 b) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), b, a);
}
NNC_INLINE_V16 nnc_v16 nnc_v16_join(nnc_v16 a, size_t n, nnc_v16 b) {
    return _mm512_mask_blend_ps(nnc_v16_first(n), b, a);
}
NNC_INLINE_V16 nnc_v8 nnc_v16_low(nnc_v16 v) { return _mm512_maskz_extractf32x8_ps((__mmask8)0xff, v, 0); }
NNC_INLINE_V16 nnc_v8 nnc_v16_high(nnc_v16 v) { return _mm512_maskz_extractf32x8_ps((__mmask8)0xff, v, 1); }
NNC_INLINE_V16 __m512d nnc_v16_wide(double s) { return _mm512_set1_pd(s); }
NNC_INLINE_V16 __m512d nnc_v16_wide_low(nnc_v16 v) { return _mm512_maskz_cvtps_pd((__mmask8)0xff, nnc_v16_low(v)); }
NNC_INLINE_V16 __m512d nnc_v16_wide_high(nnc_v16 v) { return _mm512_maskz_cvtps_pd((__mmask8)0xff, nnc_v16_high(v)); }
NNC_INLINE_V16 nnc_v16 nnc_v16_narrow(__m512d low, __m512d high) {
    return _mm512_maskz_insertf32x8(NNC_ALL, _mm512_castps256_ps512(_mm512_maskz_cvtpd_ps((__mmask8)0xff, low)),
                                    _mm512_maskz_cvtpd_ps((__mmask8)0xff, high), 1);
}
NNC_DEFINE_DOUBLES(NNC_INLINE_V16, nnc_v16, __m512d)
NNC_INLINE_V16 double nnc_v16_doubles_sum(nnc_v16_doubles d) {
    __m512d eight = d.low + d.high;
    return nnc_v8_doubles_sum(nnc_v8_doubles_of(_mm512_maskz_extractf64x4_pd((__mmask8)0xff, eight, 0),
                                                _mm512_maskz_extractf64x4_pd((__mmask8)0xff, eight, 1)));
}
NNC_INLINE_V16 float nnc_v16_largest(nnc_v16 v) { return nnc_v8_largest(nnc_v8_maximum(nnc_v16_low(v), nnc_v16_high(v))); }
NNC_INLINE_V16 float nnc_v16_smallest(nnc_v16 v) {
    return nnc_v8_smallest(nnc_v8_minimum(nnc_v16_low(v), nnc_v16_high(v)));
}
NNC_INLINE_V16 float nnc_v16_sum(nnc_v16 v) {
    return nnc_v8_sum(nnc_v16_low(v) + nnc_v16_high(v));
}
NNC_DEFINE_OPERATORS(NNC_INLINE_V16, nnc_v16)
NNC_DEFINE_TANH(NNC_INLINE_V16, nnc_v16)
NNC_DEFINE_LSTM(NNC_INLINE_V16, nnc_v16)
NNC_DEFINE_EXP(NNC_INLINE_V16, nnc_v16)
NNC_DEFINE_COMMON(NNC_INLINE_V16, nnc_v16, 16)
NNC_DEFINE_FUNCTIONS(NNC_INLINE_V16, nnc_v16)

#else
#define NNC_HAS_V8 0
#define NNC_HAS_V16 0
NNC_FUNCTION int nnc_isa(void) { return 0; }
#endif
#endif /* NNC_WIDE_VECTORS */

/* A generated file says which version it was written for. Checked at every inclusion: two may stand in one unit. */
#ifdef NNC_GENERATED_FOR_RUNTIME
#if NNC_GENERATED_FOR_RUNTIME < NNC_RUNTIME_VERSION
#error "this file was generated for an older nnc_runtime.h: compile the .nn file again"
#elif NNC_GENERATED_FOR_RUNTIME > NNC_RUNTIME_VERSION
#error "nnc_runtime.h is older than the generated file: `nnc --runtime DIR` writes the right one"
#endif
#undef NNC_GENERATED_FOR_RUNTIME
#endif
