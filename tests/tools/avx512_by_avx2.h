/* avx512_by_avx2: the intrinsics of AVX-512 that the runtime uses, written out after Intel's descriptions, for processors that
 * have AVX2 alone. avx512.py puts it into the runtime: the bodies for 16 lanes run then, slowly, to the bits that they
 * should have. */
#ifndef AVX512_BY_AVX2_H
#define AVX512_BY_AVX2_H

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define BY_AVX2 static inline __attribute__((target("avx2,fma,f16c"), always_inline, unused))

typedef union {
    __m512 v;
    __m512i i;
    __m512d d;
    __m256 half[2];
    __m256i half_i[2];
    __m256d half_d[2];
    float f[16];
    double f64[8];
    int32_t s32[16];
    uint32_t u32[16];
    int8_t s8[64];
    uint8_t u8[64];
} avx512;

#define OF_FLOATS(X) (((avx512){.v = (X)}))
#define OF_WORDS(X) (((avx512){.i = (X)}))

/* --- loads, stores, constants, views --- */

BY_AVX2 __m512 by_load(const void *p) {
    avx512 r;
    memcpy(&r, p, 64);
    return r.v;
}
BY_AVX2 __m512i by_load_words(const void *p) {
    avx512 r;
    memcpy(&r, p, 64);
    return r.i;
}
BY_AVX2 __m512 by_load_some(__mmask16 m, const float *p) {
    avx512 r;
    for (int i = 0; i < 16; i++) r.f[i] = m >> i & 1 ? p[i] : 0.0f;
    return r.v;
}
BY_AVX2 void by_store(void *p, __m512 x) { memcpy(p, &x, 64); }
BY_AVX2 void by_store_some(float *p, __mmask16 m, __m512 x) {
    avx512 r = OF_FLOATS(x);
    for (int i = 0; i < 16; i++)
        if (m >> i & 1) p[i] = r.f[i];
}
BY_AVX2 __m512 by_splat(float x) {
    avx512 r;
    for (int i = 0; i < 16; i++) r.f[i] = x;
    return r.v;
}
/* Lanes of a, then of b, by their numbers. */
BY_AVX2 __m512 by_permute(__m512 a, const int32_t *n, __m512 b) {
    avx512 from[2] = {OF_FLOATS(a), OF_FLOATS(b)}, r;
    for (int i = 0; i < 16; i++) r.f[i] = from[n[i] >> 4].f[n[i] & 15];
    return r.v;
}
BY_AVX2 __m512i by_splat_word(int32_t x) {
    avx512 r;
    for (int i = 0; i < 16; i++) r.s32[i] = x;
    return r.i;
}
BY_AVX2 __m512d by_splat_double(double x) {
    avx512 r;
    for (int i = 0; i < 8; i++) r.f64[i] = x;
    return r.d;
}
BY_AVX2 __m256 by_half(__m512 x, int which) { return OF_FLOATS(x).half[which]; }
BY_AVX2 __m256i by_half_words(__m512i x, int which) { return OF_WORDS(x).half_i[which]; }
BY_AVX2 __m256d by_half_doubles(__m512d x, int which) { return ((avx512){.d = x}).half_d[which]; }
BY_AVX2 __m512 by_low(__m256 x) {
    avx512 r = {.half = {x, x}};
    return r.v;
}
BY_AVX2 __m512 by_insert(__m512 x, __m256 half, int which) {
    avx512 r = OF_FLOATS(x);
    r.half[which] = half;
    return r.v;
}

/* --- arithmetic --- */

#define BY_HALVES(NAME, CALL)                                                                                    \
    BY_AVX2 __m512 NAME(__m512 a, __m512 b) {                                                                    \
        avx512 x = OF_FLOATS(a), y = OF_FLOATS(b);                                                               \
        for (int i = 0; i < 2; i++) x.half[i] = CALL(x.half[i], y.half[i]);                                      \
        return x.v;                                                                                              \
    }
BY_HALVES(by_min, _mm256_min_ps)
BY_HALVES(by_max, _mm256_max_ps)
BY_HALVES(by_andnot, _mm256_andnot_ps)
BY_AVX2 __m512 by_madd(__m512 a, __m512 b, __m512 c) {
    avx512 x = OF_FLOATS(a), y = OF_FLOATS(b), z = OF_FLOATS(c);
    for (int i = 0; i < 2; i++) x.half[i] = _mm256_fmadd_ps(x.half[i], y.half[i], z.half[i]);
    return x.v;
}
BY_AVX2 __m512 by_sqrt(__m512 a) {
    avx512 x = OF_FLOATS(a);
    for (int i = 0; i < 2; i++) x.half[i] = _mm256_sqrt_ps(x.half[i]);
    return x.v;
}
BY_AVX2 __m512 by_scalef(__m512 a, __m512 n) { /* a * 2^floor(n) */
    avx512 x = OF_FLOATS(a), y = OF_FLOATS(n);
    for (int i = 0; i < 16; i++) {
        float e = floorf(y.f[i]);
        x.f[i] = e != e ? e : scalbnf(x.f[i], e > 400 ? 400 : e < -400 ? -400 : (int)e);
    }
    return x.v;
}
BY_AVX2 __m512i by_ternary(__m512i a, __m512i b, __m512i c, int table) {
    avx512 x = OF_WORDS(a), y = OF_WORDS(b), z = OF_WORDS(c), r;
    for (int i = 0; i < 16; i++) {
        r.u32[i] = 0;
        for (int bit = 0; bit < 32; bit++) {
            uint32_t row = (x.u32[i] >> bit & 1) << 2 | (y.u32[i] >> bit & 1) << 1 | (z.u32[i] >> bit & 1);
            r.u32[i] |= ((uint32_t)table >> row & 1) << bit;
        }
    }
    return r.i;
}
#define BY_WORDS(NAME, EXPRESSION)                                                                               \
    BY_AVX2 __m512i NAME(__m512i a, __m512i b) {                                                                 \
        avx512 x = OF_WORDS(a), y = OF_WORDS(b);                                                                 \
        for (int i = 0; i < 16; i++) x.u32[i] = EXPRESSION;                                                      \
        return x.i;                                                                                              \
    }
BY_WORDS(by_add, x.u32[i] + y.u32[i])
BY_WORDS(by_sub, x.u32[i] - y.u32[i])
BY_AVX2 __m512i by_left(__m512i a, unsigned n) {
    avx512 x = OF_WORDS(a);
    for (int i = 0; i < 16; i++) x.u32[i] = n < 32 ? x.u32[i] << n : 0;
    return x.i;
}
BY_AVX2 __m512i by_right(__m512i a, unsigned n) {
    avx512 x = OF_WORDS(a);
    for (int i = 0; i < 16; i++) x.u32[i] = n < 32 ? x.u32[i] >> n : 0;
    return x.i;
}
BY_AVX2 __m512i by_right_signed(__m512i a, unsigned n) {
    avx512 x = OF_WORDS(a);
    for (int i = 0; i < 2; i++) x.half_i[i] = _mm256_srai_epi32(x.half_i[i], (int)n);
    return x.i;
}
/* Each word: plus the sum of four unsigned bytes of a times signed ones of b. */
BY_AVX2 __m512i by_dpbusd(__m512i sum, __m512i a, __m512i b) {
    avx512 s = OF_WORDS(sum), x = OF_WORDS(a), y = OF_WORDS(b);
    for (int i = 0; i < 64; i++) s.u32[i / 4] += (uint32_t)((int32_t)x.u8[i] * y.s8[i]);
    return s.i;
}

/* --- conversions --- */

BY_AVX2 __m512 by_floats_of_words(__m512i a) {
    avx512 x = OF_WORDS(a);
    for (int i = 0; i < 2; i++) x.half[i] = _mm256_cvtepi32_ps(x.half_i[i]);
    return x.v;
}
BY_AVX2 __m512i by_words_of_floats(__m512 a) {
    avx512 x = OF_FLOATS(a);
    for (int i = 0; i < 2; i++) x.half_i[i] = _mm256_cvtps_epi32(x.half[i]);
    return x.i;
}
BY_AVX2 __m128i by_bytes_of_words(__m512i a) { /* the lowest byte of each */
    avx512 x = OF_WORDS(a);
    uint8_t low[16];
    __m128i r;
    for (int i = 0; i < 16; i++) low[i] = (uint8_t)x.u32[i];
    memcpy(&r, low, 16);
    return r;
}
BY_AVX2 __m512i by_words_of_halves(__m256i a, int is_signed) {
    uint16_t half[16];
    avx512 r;
    memcpy(half, &a, 32);
    for (int i = 0; i < 16; i++) r.s32[i] = is_signed ? (int16_t)half[i] : half[i];
    return r.i;
}
BY_AVX2 __m512 by_floats_of_halves(__m256i a) {
    avx512 r;
    r.half[0] = _mm256_cvtph_ps(_mm256_castsi256_si128(a));
    r.half[1] = _mm256_cvtph_ps(_mm256_extracti128_si256(a, 1));
    return r.v;
}
BY_AVX2 __m256 by_floats_of_doubles(__m512d a) {
    avx512 x = {.d = a};
    return _mm256_set_m128(_mm256_cvtpd_ps(x.half_d[1]), _mm256_cvtpd_ps(x.half_d[0]));
}
BY_AVX2 __m512d by_doubles_of_floats(__m256 a) {
    avx512 r;
    r.half_d[0] = _mm256_cvtps_pd(_mm256_castps256_ps128(a));
    r.half_d[1] = _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1));
    return r.d;
}

/* --- masks --- */

BY_AVX2 __m512 by_permute_2(__m512 a, __m512i index, __m512 b) {
    avx512 r = OF_FLOATS(a), x = OF_FLOATS(a), y = OF_FLOATS(b), at = OF_WORDS(index);
    for (int i = 0; i < 16; i++) r.f[i] = at.u32[i] & 16 ? y.f[at.u32[i] & 15] : x.f[at.u32[i] & 15];
    return r.v;
}
BY_AVX2 __m512 by_blend(__mmask16 m, __m512 a, __m512 b) {
    avx512 x = OF_FLOATS(a), y = OF_FLOATS(b);
    for (int i = 0; i < 16; i++) x.u32[i] = m >> i & 1 ? y.u32[i] : x.u32[i];
    return x.v;
}
BY_AVX2 __mmask16 by_signs(__m512i a) {
    avx512 x = OF_WORDS(a);
    unsigned m = 0;
    for (int i = 0; i < 16; i++) m |= x.u32[i] >> 31 << i;
    return (__mmask16)m;
}
BY_AVX2 __m512i by_words_of_mask(__mmask16 m) {
    avx512 r;
    for (int i = 0; i < 16; i++) r.s32[i] = m >> i & 1 ? -1 : 0;
    return r.i;
}
/* The comparison is a constant of the instruction. */
#define BY_COMPARE(A, B, HOW)                                                                                    \
    ((__mmask16)(_mm256_movemask_ps(_mm256_cmp_ps(by_half(A, 0), by_half(B, 0), HOW)) |                          \
                 _mm256_movemask_ps(_mm256_cmp_ps(by_half(A, 1), by_half(B, 1), HOW)) << 8))

#undef _mm512_cmp_ps_mask
#undef _mm512_ternarylogic_epi32
#undef _mm512_maskz_extractf32x8_ps
#undef _mm512_maskz_extractf64x4_pd
#undef _mm512_maskz_extracti64x4_epi64
#undef _mm512_maskz_insertf32x8
#undef _mm512_maskz_cvtps_pd
#undef _mm512_maskz_cvtpd_ps
#undef _mm512_maskz_slli_epi32
#undef _mm512_maskz_srli_epi32
#undef _mm512_maskz_srai_epi32
#undef _mm512_maskz_scalef_ps
#undef _mm512_maskz_sqrt_ps
#undef _mm512_maskz_max_ps
#undef _mm512_maskz_min_ps
#undef _mm512_maskz_cvtph_ps
#undef _mm512_maskz_cvtps_epi32
#undef _mm512_maskz_cvtepi32_ps
#undef _mm512_castps_si512
#undef _mm512_castsi512_ps
#define _mm512_loadu_ps(p) by_load(p)
#define _mm512_loadu_si512(p) by_load_words(p)
#define _mm512_maskz_loadu_ps(m, p) by_load_some(m, p)
#define _mm512_storeu_ps(p, x) by_store(p, x)
#define _mm512_mask_storeu_ps(p, m, x) by_store_some(p, m, x)
#define _mm512_setzero_ps() by_splat(0.0f)
#define _mm512_setzero_si512() by_splat_word(0)
#define _mm512_set1_ps(x) by_splat(x)
#define _mm512_set1_epi32(x) by_splat_word(x)
#define _mm512_set1_pd(x) by_splat_double(x)
#define _mm512_castps_si512(x) ((__m512i)(x))
#define _mm512_castsi512_ps(x) ((__m512)(x))
#define _mm512_castps256_ps512(x) by_low(x)
#define _mm512_maskz_extractf32x8_ps(m, x, n) by_half(x, n)
#define _mm512_maskz_extractf64x4_pd(m, x, n) by_half_doubles(x, n)
#define _mm512_maskz_extracti64x4_epi64(m, x, n) by_half_words(x, n)
#define _mm512_maskz_insertf32x8(m, x, half, n) by_insert(x, half, n)
#define _mm512_fmadd_ps(a, b, c) by_madd(a, b, c)
#define _mm512_maskz_min_ps(m, a, b) by_min(a, b)
#define _mm512_maskz_max_ps(m, a, b) by_max(a, b)
#undef _mm512_setr_epi32
#undef _mm512_maskz_permutex2var_ps
#define _mm512_setr_epi32(...) ((const int32_t[]){__VA_ARGS__}) /* of permutations alone */
#define _mm512_maskz_permutex2var_ps(m, a, n, b) by_permute(a, n, b)
#define _mm512_maskz_andnot_ps(m, a, b) by_andnot(a, b)
#define _mm512_maskz_sqrt_ps(m, a) by_sqrt(a)
#define _mm512_maskz_scalef_ps(m, a, n) by_scalef(a, n)
#define _mm512_ternarylogic_epi32(a, b, c, n) by_ternary(a, b, c, n)
#define _mm512_maskz_add_epi32(m, a, b) by_add(a, b)
#define _mm512_maskz_sub_epi32(m, a, b) by_sub(a, b)
#define _mm512_maskz_slli_epi32(m, a, n) by_left(a, n)
#define _mm512_maskz_srli_epi32(m, a, n) by_right(a, n)
#define _mm512_maskz_srai_epi32(m, a, n) by_right_signed(a, n)
#define _mm512_dpbusd_epi32(s, a, b) by_dpbusd(s, a, b)
#define _mm512_maskz_cvtepi32_ps(m, a) by_floats_of_words(a)
#define _mm512_maskz_cvtps_epi32(m, a) by_words_of_floats(a)
#define _mm512_maskz_cvtepi32_epi8(m, a) by_bytes_of_words(a)
#define _mm512_maskz_cvtepu16_epi32(m, a) by_words_of_halves(a, 0)
#define _mm512_maskz_cvtepi16_epi32(m, a) by_words_of_halves(a, 1)
#define _mm512_maskz_cvtph_ps(m, a) by_floats_of_halves(a)
#define _mm512_maskz_cvtpd_ps(m, a) by_floats_of_doubles(a)
#define _mm512_maskz_cvtps_pd(m, a) by_doubles_of_floats(a)
#define _mm512_mask_blend_ps(m, a, b) by_blend(m, a, b)
#undef _mm512_setr_epi32
#define _mm512_setr_epi32(...) (((avx512){.s32 = {__VA_ARGS__}}).i)
#undef _mm512_maskz_permutex2var_ps
#define _mm512_maskz_permutex2var_ps(m, a, index, b) by_permute_2(a, index, b)
#define _mm512_maskz_permutexvar_ps(m, index, a) by_permute_2(a, index, a)
#define _mm512_movepi32_mask(a) by_signs(a)
#define _mm512_movm_epi32(m) by_words_of_mask(m)
#define _mm512_cmp_ps_mask(a, b, how) BY_COMPARE(a, b, how)

#endif
