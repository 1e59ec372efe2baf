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

/* NNC_FUNCTION: a function that some models do not use. NNC_INLINE: one that never costs a call, at -O0 neither. */
#if defined(__GNUC__)
#define NNC_FUNCTION static inline __attribute__((unused))
#define NNC_INLINE static inline __attribute__((unused, always_inline))
#elif defined(_MSC_VER)
#define NNC_FUNCTION static __inline
#define NNC_INLINE static __forceinline
#else
#define NNC_FUNCTION static inline
#define NNC_INLINE static inline
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
 * model's struct is aligned to 4 bytes only, so that it may be placed anywhere: its scratch is aligned when it is used. */
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
 *     lane(v, i)                     the float in lane i, 0..3
 *     sum(v)                         (lane 0 + lane 2) + (lane 1 + lane 3): halves are added until one float is left */

#if (defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 5)) && !defined(NNC_PLAIN_C) && \
    (defined(__SSE__) || defined(__ARM_NEON) || defined(__ALTIVEC__) || defined(__wasm_simd128__) || defined(__riscv_v))

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__SSE__)
#include <xmmintrin.h>
#endif

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
#if defined(__SSE__) /* the instructions do just this; compilers do not find them by themselves */
NNC_INLINE nnc_v4 nnc_v4_min(nnc_v4 a, nnc_v4 b) { return (nnc_v4)_mm_min_ps((__m128)a, (__m128)b); }
NNC_INLINE nnc_v4 nnc_v4_max(nnc_v4 a, nnc_v4 b) { return (nnc_v4)_mm_max_ps((__m128)a, (__m128)b); }
#else
NNC_INLINE nnc_v4 nnc_v4_min(nnc_v4 a, nnc_v4 b) { return nnc_v4_select((nnc_v4_bits)(a < b), a, b); }
NNC_INLINE nnc_v4 nnc_v4_max(nnc_v4 a, nnc_v4 b) { return nnc_v4_select((nnc_v4_bits)(a > b), a, b); }
#endif
#if defined(__SSE2__)
#define NNC_V4_CONVERTS 1
NNC_INLINE nnc_v4 nnc_v4_nearest(nnc_v4 x) { return (nnc_v4)_mm_cvtepi32_ps(_mm_cvtps_epi32((__m128)x)); }
NNC_INLINE nnc_v4 nnc_v4_scale(nnc_v4 x, nnc_v4 n) {
    __m128i power = _mm_cvtps_epi32((__m128)n), half = _mm_srai_epi32(power, 1);
    __m128i rest = _mm_add_epi32(_mm_sub_epi32(power, half), _mm_set1_epi32(127));
    return (nnc_v4)_mm_add_epi32((__m128i)x, _mm_slli_epi32(half, 23)) * (nnc_v4)_mm_slli_epi32(rest, 23);
}
#elif defined(NNC_NEON)
#define NNC_V4_CONVERTS 1
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
NNC_DEFINE_BY_LANE(NNC_INLINE, nnc_v4, 4, nearest, (nnc_v4 x), nnc_v1_nearest(lane[i]))
NNC_DEFINE_BY_LANE(NNC_INLINE, nnc_v4, 4, scale, (nnc_v4 x, nnc_v4 n), nnc_v1_scale(lane[i], nnc_v4_lane(n, i)))
#endif
NNC_INLINE nnc_v4 nnc_v4_clamp(nnc_v4 x, nnc_v4 lo, nnc_v4 hi) { return nnc_v4_min(hi, nnc_v4_max(lo, x)); }
NNC_INLINE float nnc_v4_sum(nnc_v4 v) {
    return (nnc_v4_lane(v, 0) + nnc_v4_lane(v, 2)) + (nnc_v4_lane(v, 1) + nnc_v4_lane(v, 3));
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
 * This sigmoid has no relative accuracy where it is tiny: nnc_sigmoid below has.
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
 * quotient: three divisions instead of five (two would take more multiplications than they save). f has its own, so that
 * where it is 1 and i is 0 (d + n cancels), c' is c to the bit. */
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

/* ---- Elementwise functions -----------------------------------------------------------------------------------------
 * torch.nn.functional's, on one float, with its default arguments written out. NaN gives NaN in all of them. What is
 * not here (exp, log, sqrt, abs, pow) is libm's own. */

/* torch.maximum, torch.minimum, torch.clamp: a NaN wins; with lo > hi the result is hi. */
NNC_FUNCTION float nnc_maxf(float a, float b) { return a > b || a != a ? a : b; }
NNC_FUNCTION float nnc_minf(float a, float b) { return a < b || a != a ? a : b; }
NNC_FUNCTION float nnc_clampf(float x, float lo, float hi) { return nnc_v1_min(hi, nnc_v1_max(lo, x)); }

/* libm's, for its small relative error everywhere. */
NNC_FUNCTION float nnc_tanh(float x) { return tanhf(x); }

/* 1 / (1 + exp(-x)), accurate to a few units in the last place down to the smallest result. */
NNC_FUNCTION float nnc_sigmoid(float x) {
    float e = expf(-fabsf(x)); /* at most 1: nothing overflows */
    return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

NNC_FUNCTION float nnc_relu(float x) { return x < 0.0f ? 0.0f : x; }
NNC_FUNCTION float nnc_relu6(float x) { return nnc_clampf(x, 0.0f, 6.0f); }
NNC_FUNCTION float nnc_leaky_relu(float x, float slope) { return x > 0.0f ? x : x * slope; }
NNC_FUNCTION float nnc_hardtanh(float x, float lo, float hi) { return nnc_clampf(x, lo, hi); }
NNC_FUNCTION float nnc_softsign(float x) { return x / (1.0f + fabsf(x)); }
NNC_FUNCTION float nnc_silu(float x) { return x * nnc_sigmoid(x); }

/* alpha * (exp(x) - 1) where x is negative; selu with its two constants. */
NNC_FUNCTION float nnc_elu(float x, float alpha) { return x > 0.0f ? x : alpha * expm1f(x); }
NNC_FUNCTION float nnc_selu(float x) { return 1.05070098f * nnc_elu(x, 1.67326324f); }

/* x * (normal distribution function of x), and the approximation of it by tanh. */
NNC_FUNCTION float nnc_gelu(float x) { return 0.5f * x * (1.0f + erff(0.707106781f * x)); }
NNC_FUNCTION float nnc_gelu_tanh(float x) {
    return 0.5f * x * (1.0f + nnc_tanh(0.797884561f * (x + 0.044715f * (x * x * x))));
}

/* log(1 + exp(beta x)) / beta; x itself where beta x is above the threshold. */
NNC_FUNCTION float nnc_softplus(float x, float beta, float threshold) {
    float scaled = beta * x;
    return scaled > threshold ? x : log1pf(expf(scaled)) / beta;
}

/* Keras's, not torch.nn.Hardsigmoid: clip(0.2x + 0.5, 0, 1). */
NNC_FUNCTION float nnc_hard_sigmoid(float x) { return nnc_clampf(0.2f * x + 0.5f, 0.0f, 1.0f); }

/* ---- The same on a vector: activations that a recurrent layer may be given ---------------------------------------
 * V_NAME(x, parameters) is nnc_NAME of each lane, up to rounding. Where vector arithmetic does not do, it goes lane by
 * lane. (V_tanh and V_sigmoid are the gates' own, above; V_sigmoid_by_exp is what nnc_sigmoid is.) */

#define NNC_DEFINE_ACTIVATIONS(INLINE, V, LANES)                                                              \
    INLINE V V##_relu(V x) { return V##_max(V##_zero(), x); }                                                 \
    INLINE V V##_relu6(V x) { return V##_clamp(x, V##_zero(), V##_splat(6.0f)); }                             \
    INLINE V V##_leaky_relu(V x, float slope) {                                                               \
        return V##_madd(V##_splat(slope), V##_min(V##_zero(), x), V##_max(V##_zero(), x));                    \
    }                                                                                                         \
    INLINE V V##_hardtanh(V x, float lo, float hi) { return V##_clamp(x, V##_splat(lo), V##_splat(hi)); }     \
    INLINE V V##_hard_sigmoid(V x) {                                                                          \
        return V##_clamp(V##_madd(V##_splat(0.2f), x, V##_splat(0.5f)), V##_zero(), V##_splat(1.0f));         \
    }                                                                                                         \
    INLINE V V##_softsign(V x) { return V##_div(x, V##_add(V##_splat(1.0f), V##_abs(x))); }                   \
    INLINE V V##_sigmoid_by_exp(V x) {                                                                        \
        V e = V##_exp(V##_neg(V##_abs(x)));                                                                   \
        return V##_div(V##_if_negative(x, e, V##_splat(1.0f)), V##_add(V##_splat(1.0f), e));                  \
    }                                                                                                         \
    INLINE V V##_silu(V x) { return V##_mul(x, V##_sigmoid_by_exp(x)); }                                      \
    NNC_DEFINE_BY_LANE(INLINE, V, LANES, elu, (V x, float alpha), nnc_elu(lane[i], alpha))                    \
    NNC_DEFINE_BY_LANE(INLINE, V, LANES, selu, (V x), nnc_selu(lane[i]))                                      \
    NNC_DEFINE_BY_LANE(INLINE, V, LANES, gelu, (V x), nnc_gelu(lane[i]))                                      \
    NNC_DEFINE_BY_LANE(INLINE, V, LANES, gelu_tanh, (V x), nnc_gelu_tanh(lane[i]))                            \
    NNC_DEFINE_BY_LANE(INLINE, V, LANES, softplus, (V x, float beta, float threshold),                        \
                       nnc_softplus(lane[i], beta, threshold))

NNC_DEFINE_ACTIVATIONS(NNC_INLINE, nnc_v4, 4)

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
NNC_INLINE_V8 nnc_v8 nnc_v8_load_n(const float *p, size_t n) { return _mm256_maskload_ps(p, nnc_v8_first(n)); }
NNC_INLINE_V8 void nnc_v8_store(float *p, nnc_v8 v) { _mm256_storeu_ps(p, v); }
NNC_INLINE_V8 void nnc_v8_store_n(float *p, nnc_v8 v, size_t n) { _mm256_maskstore_ps(p, nnc_v8_first(n), v); }
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
NNC_INLINE_V8 float nnc_v8_sum(nnc_v8 v) {
    return nnc_v4_sum((nnc_v4)(_mm256_castps256_ps128(v) + _mm256_extractf128_ps(v, 1)));
}
NNC_DEFINE_OPERATORS(NNC_INLINE_V8, nnc_v8)
NNC_DEFINE_TANH(NNC_INLINE_V8, nnc_v8)
NNC_DEFINE_LSTM(NNC_INLINE_V8, nnc_v8)
NNC_DEFINE_EXP(NNC_INLINE_V8, nnc_v8)
NNC_DEFINE_ACTIVATIONS(NNC_INLINE_V8, nnc_v8, 8)

NNC_INLINE_V16 __mmask16 nnc_v16_first(size_t n) { return (__mmask16)((1u << n) - 1u); }
NNC_INLINE_V16 nnc_v16 nnc_v16_zero(void) { return _mm512_setzero_ps(); }
NNC_INLINE_V16 nnc_v16 nnc_v16_splat(float s) { return _mm512_set1_ps(s); }
NNC_INLINE_V16 nnc_v16 nnc_v16_load(const float *p) { return _mm512_loadu_ps(p); }
NNC_INLINE_V16 nnc_v16 nnc_v16_load_n(const float *p, size_t n) { return _mm512_maskz_loadu_ps(nnc_v16_first(n), p); }
NNC_INLINE_V16 void nnc_v16_store(float *p, nnc_v16 v) { _mm512_storeu_ps(p, v); }
NNC_INLINE_V16 void nnc_v16_store_n(float *p, nnc_v16 v, size_t n) { _mm512_mask_storeu_ps(p, nnc_v16_first(n), v); }
NNC_INLINE_V16 nnc_v16 nnc_v16_madd(nnc_v16 a, nnc_v16 b, nnc_v16 c) { return _mm512_fmadd_ps(a, b, c); }
NNC_INLINE_V16 nnc_v16 nnc_v16_min(nnc_v16 a, nnc_v16 b) { return _mm512_min_ps(a, b); }
NNC_INLINE_V16 nnc_v16 nnc_v16_max(nnc_v16 a, nnc_v16 b) { return _mm512_max_ps(a, b); }
NNC_INLINE_V16 nnc_v16 nnc_v16_abs(nnc_v16 x) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), x); }
NNC_INLINE_V16 nnc_v16 nnc_v16_copysign(nnc_v16 x, nnc_v16 sign) { /* 0xca: the first word's bits choose */
    return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(_mm512_set1_epi32(INT32_MIN), _mm512_castps_si512(sign),
                                                         _mm512_castps_si512(x), 0xca));
}
NNC_INLINE_V16 nnc_v16 nnc_v16_if_negative(nnc_v16 x, nnc_v16 a, nnc_v16 b) {
    return _mm512_mask_blend_ps(_mm512_movepi32_mask(_mm512_castps_si512(x)), b, a);
}
NNC_INLINE_V16 nnc_v16 nnc_v16_nearest(nnc_v16 x) {
    return _mm512_cvtepi32_ps(_mm512_cvtps_epi32(x)); /* (roundscale is a macro that warns in gcc at -O0) */
}
NNC_INLINE_V16 nnc_v16 nnc_v16_scale(nnc_v16 x, nnc_v16 n) { return _mm512_scalef_ps(x, n); }
NNC_INLINE_V16 float nnc_v16_sum(nnc_v16 v) {
    return nnc_v8_sum(_mm512_castps512_ps256(v) + _mm512_extractf32x8_ps(v, 1));
}
NNC_DEFINE_OPERATORS(NNC_INLINE_V16, nnc_v16)
NNC_DEFINE_TANH(NNC_INLINE_V16, nnc_v16)
NNC_DEFINE_LSTM(NNC_INLINE_V16, nnc_v16)
NNC_DEFINE_EXP(NNC_INLINE_V16, nnc_v16)
NNC_DEFINE_ACTIVATIONS(NNC_INLINE_V16, nnc_v16, 16)

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
