/* ---- One float: layer nnc_v1 ---------------------------------------------------------------------------------------
 * A layer is a vector type and functions named after it. The functions below (tanh and so on) are written once, against
 * these names, and instantiated for each layer; so are the generated kernels. This is the layer of one lane. */

typedef float nnc_v1;

/* NNC_INEXACT: sums are simplified (-ffast-math), or have more bits than floats (the x87). */
#if defined(__FAST_MATH__) || defined(_M_FP_FAST) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0)
#define NNC_FAST_MATH 1
#else
#define NNC_FAST_MATH 0
#endif
#if NNC_FAST_MATH || (defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0)
#define NNC_INEXACT 1
#else
#define NNC_INEXACT 0
#endif

/* Does the processor compute with doubles? Where it does not, none are used. */
#if !defined(NNC_DOUBLE)
#if (defined(__arm__) && (!defined(__ARM_FP) || !(__ARM_FP & 8))) || \
    (defined(__riscv) && (!defined(__riscv_flen) || __riscv_flen < 64)) || defined(__mips_soft_float) || \
    defined(__mips_single_float) || defined(_SOFT_FLOAT) || defined(_SOFT_DOUBLE) || defined(__NO_FPRS__) || \
    defined(__XTENSA__) || defined(__AVR__) || defined(__MSP430__)
#define NNC_DOUBLE 0
#else
#define NNC_DOUBLE 1
#endif
#endif
#if NNC_DOUBLE
typedef double nnc_precise; /* of eps */
#else
typedef float nnc_precise;
#endif

/* madd(a, b, c) = a*b + c is one operation, rounded once, where that is an instruction, and two elsewhere. */
#if (defined(__aarch64__) || defined(__ARM_FEATURE_FMA) || defined(FP_FAST_FMAF)) && defined(__GNUC__)
NNC_INLINE nnc_v1 nnc_v1_madd(nnc_v1 a, nnc_v1 b, nnc_v1 c) { return __builtin_fmaf(a, b, c); }
#elif defined(FP_FAST_FMAF)
NNC_INLINE nnc_v1 nnc_v1_madd(nnc_v1 a, nnc_v1 b, nnc_v1 c) { return fmaf(a, b, c); }
#else
NNC_INLINE nnc_v1 nnc_v1_madd(nnc_v1 a, nnc_v1 b, nnc_v1 c) { return a * b + c; }
#endif
NNC_INLINE nnc_v1 nnc_v1_splat(float s) { return s; }
NNC_INLINE nnc_v1 nnc_v1_zero(void) { return 0.0f; }
NNC_INLINE nnc_v1 nnc_v1_load(const float *p) { return *p; }
NNC_INLINE void nnc_v1_store(float *p, nnc_v1 v) { *p = v; }
NNC_INLINE nnc_v1 nnc_v1_add(nnc_v1 a, nnc_v1 b) { return a + b; }
NNC_INLINE nnc_v1 nnc_v1_sub(nnc_v1 a, nnc_v1 b) { return a - b; }
NNC_INLINE nnc_v1 nnc_v1_mul(nnc_v1 a, nnc_v1 b) { return a * b; }
NNC_INLINE nnc_v1 nnc_v1_div(nnc_v1 a, nnc_v1 b) { return a / b; }
NNC_INLINE nnc_v1 nnc_v1_neg(nnc_v1 x) { return -x; }
NNC_INLINE nnc_v1 nnc_v1_min(nnc_v1 a, nnc_v1 b) { return a < b ? a : b; }
NNC_INLINE nnc_v1 nnc_v1_max(nnc_v1 a, nnc_v1 b) { return a > b ? a : b; }
NNC_INLINE nnc_v1 nnc_v1_clamp(nnc_v1 x, nnc_v1 lo, nnc_v1 hi) { return nnc_v1_min(hi, nnc_v1_max(lo, x)); }
NNC_INLINE nnc_v1 nnc_v1_abs(nnc_v1 x) { return fabsf(x); }
NNC_INLINE nnc_v1 nnc_v1_copysign(nnc_v1 x, nnc_v1 sign) { return copysignf(x, sign); }
NNC_INLINE nnc_v1 nnc_v1_if_nan(nnc_v1 x, nnc_v1 a, nnc_v1 b) { return x != x ? a : b; }
NNC_INLINE nnc_v1 nnc_v1_sqrt(nnc_v1 x) { return sqrtf(x); }

/* A float's bits as an integer, and the other way round. */
NNC_INLINE int32_t nnc_v1_bits(nnc_v1 x) {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
NNC_INLINE nnc_v1 nnc_v1_of_bits(int32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
NNC_INLINE nnc_v1 nnc_v1_if_negative(nnc_v1 x, nnc_v1 a, nnc_v1 b) { return nnc_v1_bits(x) < 0 ? a : b; }

NNC_INLINE nnc_v1 nnc_v1_equal(nnc_v1 a, nnc_v1 b) { return a == b ? -1.0f : 0.0f; }
NNC_INLINE nnc_v1 nnc_v1_not_equal(nnc_v1 a, nnc_v1 b) { return a != b ? -1.0f : 0.0f; }
NNC_INLINE nnc_v1 nnc_v1_less(nnc_v1 a, nnc_v1 b) { return a < b ? -1.0f : 0.0f; }
NNC_INLINE nnc_v1 nnc_v1_less_equal(nnc_v1 a, nnc_v1 b) { return a <= b ? -1.0f : 0.0f; }
NNC_INLINE nnc_v1 nnc_v1_mask_of(nnc_v1 bits) { return nnc_v1_bits(bits) != 0 ? -1.0f : 0.0f; }

/* Beside 1.5 * 2^23 a float has no room for a fraction: the addition rounds, and the sum's bits count. */
#define NNC_ROUNDER 12582912.0f
#define NNC_ROUNDER_BITS 0x4b400000
#if NNC_INEXACT
NNC_INLINE nnc_v1 nnc_v1_nearest(nnc_v1 x) {
    int32_t i = x > -1e6f && x < 1e6f ? (int32_t)x : 0; /* a NaN gives 0: whatever is made of it is a NaN anyway */
    float rest = x - (float)i;
    i += rest > 0.5f || (rest == 0.5f && i % 2 != 0);
    i -= rest < -0.5f || (rest == -0.5f && i % 2 != 0);
    return (float)i;
}
#else
NNC_INLINE nnc_v1 nnc_v1_nearest(nnc_v1 x) { return (x + NNC_ROUNDER) - NNC_ROUNDER; }
#endif
/* 2^n, |n| <= 126; 0 for -127, and some number for a larger n. */
NNC_INLINE nnc_v1 nnc_v1_power_of_2(int32_t n) { return nnc_v1_of_bits(nnc_mul_i32(nnc_add_i32(n, 127), 0x800000)); }
NNC_INLINE nnc_v1 nnc_v1_scale(nnc_v1 x, nnc_v1 n) {
    int32_t power = nnc_sub_i32(nnc_v1_bits(n + NNC_ROUNDER), NNC_ROUNDER_BITS), half = power / 2 + 2;
    return x * nnc_v1_power_of_2(half) * nnc_v1_power_of_2(power - half);
}
NNC_INLINE nnc_v1 nnc_v1_mantissa(nnc_v1 x, nnc_v1 *exponent) {
    int32_t bits = nnc_v1_bits(x);
    *exponent = (float)(bits / 0x800000 - 127);
    return nnc_v1_of_bits(bits % 0x800000 + 0x3f800000);
}

/* torch.maximum, torch.minimum, torch.clamp: a NaN wins; with lo > hi the result is hi. */
NNC_FUNCTION int nnc_equalf(float a, float b) { return a == b; }
NNC_FUNCTION float nnc_maxf(float a, float b) { return a > b || a != a ? a : b; }
NNC_FUNCTION float nnc_minf(float a, float b) { return a < b || a != a ? a : b; }
NNC_FUNCTION float nnc_clampf(float x, float lo, float hi) { return nnc_v1_min(hi, nnc_v1_max(lo, x)); }
NNC_INLINE nnc_v1 nnc_v1_maximum(nnc_v1 a, nnc_v1 b) { return nnc_maxf(a, b); }
NNC_INLINE nnc_v1 nnc_v1_minimum(nnc_v1 a, nnc_v1 b) { return nnc_minf(a, b); }
NNC_INLINE nnc_v1 nnc_v1_pow(nnc_v1 a, nnc_v1 b) { return powf(a, b); }
NNC_INLINE float nnc_v1_smallest(nnc_v1 v) { return v; }
NNC_INLINE float nnc_v1_sum(nnc_v1 v) { return v; }
