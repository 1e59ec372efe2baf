/* nnc_runtime.h: what every C file that nnc writes stands on.
 *
 * nnc compiles a sequence model to one C file and one header. What those files have in common is here: the status
 * codes, four floats as one vector, and the activation functions of torch.nn with PyTorch's definitions and limits.
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

/* The first address at or after p at which a vector of the widest kind is aligned; 15 floats may be passed over. A model's
 * struct is aligned to 4 bytes only, so that it may be placed anywhere: its scratch is aligned when it is used. */
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

NNC_INLINE nnc_v1 nnc_v1_splat(float s) { return s; }
NNC_INLINE nnc_v1 nnc_v1_add(nnc_v1 a, nnc_v1 b) { return a + b; }
NNC_INLINE nnc_v1 nnc_v1_mul(nnc_v1 a, nnc_v1 b) { return a * b; }
NNC_INLINE nnc_v1 nnc_v1_div(nnc_v1 a, nnc_v1 b) { return a / b; }
NNC_INLINE nnc_v1 nnc_v1_madd(nnc_v1 a, nnc_v1 b, nnc_v1 c) { return a * b + c; }
NNC_INLINE nnc_v1 nnc_v1_min(nnc_v1 a, nnc_v1 b) { return a < b ? a : b; }
NNC_INLINE nnc_v1 nnc_v1_max(nnc_v1 a, nnc_v1 b) { return a > b ? a : b; }
NNC_INLINE nnc_v1 nnc_v1_abs(nnc_v1 x) { return fabsf(x); }
NNC_INLINE nnc_v1 nnc_v1_copysign(nnc_v1 x, nnc_v1 sign) { return copysignf(x, sign); }

/* ---- Four floats: layer nnc_v4 -------------------------------------------------------------------------------------
 * Both versions do the same IEEE operations in the same order. Memory need only be aligned as a float is. In this layer
 * madd(a, b, c) = a*b + c rounds twice, like add(mul(a, b), c); a layer for an instruction set that fuses rounds once.
 *     load(p), store(p, v)           4 floats
 *     load_n(p, n), store_n(p, v, n) the first n <= 4; the other lanes are loaded as 0, and nothing else is touched
 *     zero(), splat(s), add, sub, mul, div, neg, madd, abs
 *     copysign(x, sign)              the magnitude of x with the sign bit of sign
 *     min(a, b), max(a, b)           a < b ? a : b and a > b ? a : b: if either is NaN, b (data on the right)
 *     clamp(x, lo, hi)               min(hi, max(lo, x)): a NaN in x stays, lo > hi gives hi
 *     lane(v, i)                     the float in lane i, 0..3
 *     sum(v)                         (lane 0 + lane 2) + (lane 1 + lane 3), in this order */

#if (defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 5)) && !defined(NNC_PLAIN_C) && \
    (defined(__SSE__) || defined(__ARM_NEON) || defined(__ALTIVEC__) || defined(__wasm_simd128__) || defined(__riscv_v))

#if defined(__SSE__)
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
NNC_INLINE nnc_v4 nnc_v4_madd(nnc_v4 a, nnc_v4 b, nnc_v4 c) { return a * b + c; }
NNC_INLINE nnc_v4 nnc_v4_abs(nnc_v4 x) {
    nnc_v4_bits sign = {INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN};
    return (nnc_v4)((nnc_v4_bits)x & ~sign);
}
NNC_INLINE nnc_v4 nnc_v4_copysign(nnc_v4 x, nnc_v4 s) {
    nnc_v4_bits sign = {INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN};
    return (nnc_v4)(((nnc_v4_bits)x & ~sign) | ((nnc_v4_bits)s & sign));
}
#if defined(__SSE__) /* the instructions do just this; compilers do not find them by themselves */
NNC_INLINE nnc_v4 nnc_v4_min(nnc_v4 a, nnc_v4 b) { return (nnc_v4)_mm_min_ps((__m128)a, (__m128)b); }
NNC_INLINE nnc_v4 nnc_v4_max(nnc_v4 a, nnc_v4 b) { return (nnc_v4)_mm_max_ps((__m128)a, (__m128)b); }
#else
NNC_INLINE nnc_v4 nnc_v4_select(nnc_v4_bits mask, nnc_v4 a, nnc_v4 b) {
    return (nnc_v4)(((nnc_v4_bits)a & mask) | ((nnc_v4_bits)b & ~mask));
}
NNC_INLINE nnc_v4 nnc_v4_min(nnc_v4 a, nnc_v4 b) { return nnc_v4_select((nnc_v4_bits)(a < b), a, b); }
NNC_INLINE nnc_v4 nnc_v4_max(nnc_v4 a, nnc_v4 b) { return nnc_v4_select((nnc_v4_bits)(a > b), a, b); }
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

/* V_tanh(x), V_sigmoid_of_half(h) = sigmoid(2h) (the weights of a gate are halved at compile time), V_sigmoid(x). */
#define NNC_DEFINE_TANH(INLINE, V)                                                                       \
    INLINE V V##_tanh(V x) {                                                                             \
        V a = V##_min(V##_splat(NNC_TANH_SATURATED), V##_abs(x)); /* in this order NaN stays */           \
        V u = V##_mul(a, a);                                                                             \
        V p = V##_madd(V##_splat(NNC_TANH_P2), u, V##_splat(NNC_TANH_P1));                                \
        V q = V##_madd(V##_splat(NNC_TANH_Q3), u, V##_splat(NNC_TANH_Q2));                                \
        V n, d;                                                                                          \
        p = V##_madd(p, V##_mul(a, u), a);                                                               \
        q = V##_madd(V##_madd(q, u, V##_splat(NNC_TANH_Q1)), u, V##_splat(1.0f));                         \
        n = V##_mul(p, q);                                                                               \
        d = V##_madd(V##_splat(-0.5f), p, q);                                                            \
        d = V##_madd(d, d, n);                                                                           \
        return V##_copysign(NNC_TANH_QUOTIENT(V, n, d, x), x);                                           \
    }                                                                                                    \
    INLINE V V##_sigmoid_of_half(V h) { return V##_madd(V##_splat(0.5f), V##_tanh(h), V##_splat(0.5f)); } \
    INLINE V V##_sigmoid(V x) { return V##_sigmoid_of_half(V##_mul(V##_splat(0.5f), x)); }

NNC_DEFINE_TANH(NNC_INLINE, nnc_v1)
NNC_DEFINE_TANH(NNC_INLINE, nnc_v4)

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
 * V_NAME(x, parameters) is nnc_NAME of each lane. The cheap ones are vector arithmetic, the others go lane by lane.
 * (V_tanh and V_sigmoid are the gates' own, above.) */

#define NNC_DEFINE_BY_LANE(INLINE, V, LANES, NAME, PARAMETERS, VALUE) \
    INLINE V V##_##NAME PARAMETERS {                                  \
        float lane[LANES];                                            \
        size_t i;                                                     \
        V##_store(lane, x);                                           \
        for (i = 0; i < LANES; i++)                                   \
            lane[i] = VALUE;                                          \
        return V##_load(lane);                                        \
    }

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
    NNC_DEFINE_BY_LANE(INLINE, V, LANES, exp, (V x), expf(lane[i]))                                           \
    NNC_DEFINE_BY_LANE(INLINE, V, LANES, silu, (V x), nnc_silu(lane[i]))                                      \
    NNC_DEFINE_BY_LANE(INLINE, V, LANES, elu, (V x, float alpha), nnc_elu(lane[i], alpha))                    \
    NNC_DEFINE_BY_LANE(INLINE, V, LANES, selu, (V x), nnc_selu(lane[i]))                                      \
    NNC_DEFINE_BY_LANE(INLINE, V, LANES, gelu, (V x), nnc_gelu(lane[i]))                                      \
    NNC_DEFINE_BY_LANE(INLINE, V, LANES, gelu_tanh, (V x), nnc_gelu_tanh(lane[i]))                            \
    NNC_DEFINE_BY_LANE(INLINE, V, LANES, softplus, (V x, float beta, float threshold),                        \
                       nnc_softplus(lane[i], beta, threshold))

NNC_DEFINE_ACTIVATIONS(NNC_INLINE, nnc_v4, 4)

#endif /* NNC_RUNTIME_H */

/* A generated file says which version it was written for. Checked at every inclusion: two may stand in one unit. */
#ifdef NNC_GENERATED_FOR_RUNTIME
#if NNC_GENERATED_FOR_RUNTIME < NNC_RUNTIME_VERSION
#error "this file was generated for an older nnc_runtime.h: compile the .nn file again"
#elif NNC_GENERATED_FOR_RUNTIME > NNC_RUNTIME_VERSION
#error "nnc_runtime.h is older than the generated file: `nnc --runtime DIR` writes the right one"
#endif
#undef NNC_GENERATED_FOR_RUNTIME
#endif
