/* nnc wide: begin */
/* ---- Wide vectors: layers nnc_v8 (AVX2 and FMA) and nnc_v16 (AVX-512 F, VL, DQ, BW) --------------------------------
 * For a file that defines NNC_WIDE_VECTORS as 1 before it includes this one (<immintrin.h> takes half a second to
 * compile), on x86-64 in gcc and clang, without any compiler flag. A function that uses a layer is declared with
 * NNC_TARGET_V8 or NNC_TARGET_V16 (NNC_TARGET_V4 is nothing) and may only be called where nnc_isa() allows it; there is
 * none of them where NNC_HAS_V8 or NNC_HAS_V16 is 0. The layers have all that nnc_v4 has; madd rounds once.
 *
 * NNC_BODY_V8 and NNC_BODY_V16 say whether code that can run without a layer uses it: not where clang does not
 * optimise, since each vector that a call takes or gives has a place of its own on the stack then, up to 50 KiB. */

#if defined(NNC_WIDE_VECTORS) && !defined(NNC_HAS_V8)
#define NNC_TARGET_V4

/* (In gcc for Windows the stack is not aligned for such vectors; old compilers do not know AVX-512.) */
#if defined(__x86_64__) && defined(__SSE2__) && !defined(NNC_PLAIN_C) && !defined(_WIN32) && NNC_DOUBLE && \
    (defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 7))
#include <immintrin.h>
#define NNC_HAS_V8 1
#define NNC_HAS_V16 1
#define NNC_TARGET_V8 __attribute__((target("avx2,fma,f16c")))
#define NNC_TARGET_V16 __attribute__((target("avx2,fma,f16c,avx512f,avx512vl,avx512dq,avx512bw")))
/* A part of a vector is stored without a mask where its size is known: what is stored so is loaded again at once. */
#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define NNC_HAS_PARTS 1
#endif
#endif
#if !defined(NNC_HAS_PARTS)
#define NNC_HAS_PARTS 0
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

/* Of the lanes of two vectors half as wide. */
#define NNC_DEFINE_BY_HALVES(INLINE, V, HALF, LOW, HIGH)                                           \
    INLINE float V##_sum(V v) { return HALF##_sum(LOW(v) + HIGH(v)); }                             \
    INLINE float V##_largest(V v) { return HALF##_largest(HALF##_maximum(LOW(v), HIGH(v))); }      \
    INLINE float V##_smallest(V v) { return HALF##_smallest(HALF##_minimum(LOW(v), HIGH(v))); }    \
    INLINE nnc_v4 V##_column_sums_2(V low, V high) {                                               \
        const V rows = low + high;                                                                 \
        return HALF##_column_sums_2(LOW(rows), HIGH(rows));                                        \
    }                                                                                              \
    INLINE nnc_v4 V##_column_sums_3(V low, V middle, V high) {                                     \
        return HALF##_column_sums_3(LOW(low) + HIGH(middle), HIGH(low) + LOW(high),                \
                                    LOW(middle) + HIGH(high));                                     \
    }

#include "vector8.h"
#include "vector16.h"
/* clang that does not optimise gives each vector that goes into a call or comes out of it a place of its own on the
 * stack: in a function that many steps stand in, up to 50 KiB. So what steps are made of is no call there. */
#if defined(__clang__) && !defined(__OPTIMIZE__)
typedef float nnc_v8_there __attribute__((vector_size(32), aligned(4), may_alias));
typedef float nnc_v8_each __attribute__((ext_vector_type(8)));
#define nnc_v8_zero() ((nnc_v8)(nnc_v8_each)(0.0f))
#define nnc_v8_splat(s) ((nnc_v8)(nnc_v8_each)(float)(s))
#define nnc_v8_load(p) ((nnc_v8)*(const nnc_v8_there *)(const void *)(p))
#define nnc_v8_store(p, v) ((void)(*(nnc_v8_there *)(void *)(p) = (v)))
#define nnc_v8_add(a, b) ((nnc_v8)((a) + (b)))
#define nnc_v8_sub(a, b) ((nnc_v8)((a) - (b)))
#define nnc_v8_mul(a, b) ((nnc_v8)((a) * (b)))
#if __has_builtin(__builtin_ia32_vfmaddps256) /* no later clang needs to have them */
#define nnc_v8_madd(a, b, c) ((nnc_v8)__builtin_ia32_vfmaddps256((a), (b), (c)))
#endif
typedef float nnc_v16_there __attribute__((vector_size(64), aligned(4), may_alias));
typedef float nnc_v16_each __attribute__((ext_vector_type(16)));
#define nnc_v16_zero() ((nnc_v16)(nnc_v16_each)(0.0f))
#define nnc_v16_splat(s) ((nnc_v16)(nnc_v16_each)(float)(s))
#define nnc_v16_load(p) ((nnc_v16)*(const nnc_v16_there *)(const void *)(p))
#define nnc_v16_store(p, v) ((void)(*(nnc_v16_there *)(void *)(p) = (v)))
#define nnc_v16_add(a, b) ((nnc_v16)((a) + (b)))
#define nnc_v16_sub(a, b) ((nnc_v16)((a) - (b)))
#define nnc_v16_mul(a, b) ((nnc_v16)((a) * (b)))
#if __has_builtin(__builtin_ia32_vfmaddps512_mask)
#define nnc_v16_madd(a, b, c) \
    ((nnc_v16)__builtin_ia32_vfmaddps512_mask((a), (b), (c), (__mmask16)-1, _MM_FROUND_CUR_DIRECTION))
#endif
#endif
#define NNC_WIDE_LAYERS 1

#else
#define NNC_HAS_V8 0
#define NNC_HAS_V16 0
NNC_FUNCTION int nnc_isa(void) { return 0; }
#endif
#if defined(__clang__) && !defined(__OPTIMIZE__)
#define NNC_BODY_V8 0
#define NNC_BODY_V16 0
#else
#define NNC_BODY_V8 NNC_HAS_V8
#define NNC_BODY_V16 NNC_HAS_V16
#endif
#endif /* NNC_WIDE_VECTORS */
/* nnc wide: end */
