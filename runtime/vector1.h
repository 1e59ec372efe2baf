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
