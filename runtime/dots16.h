/* nnc dots: begin */
/* ---- int8 weights on 16 lanes: AVX-512 with VNNI --------------------------------------------------------------------
 * For a file that defines NNC_WIDE_DOTS as 1 beside NNC_WIDE_VECTORS. Its functions for 16 lanes are declared with
 * NNC_TARGET_V16_DOTS, and may be called where nnc_isa_dots() gives 2; without VNNI it gives 1. */
#if defined(NNC_WIDE_DOTS) && !defined(NNC_HAS_V16_DOTS)
#if NNC_HAS_V16 && (defined(__clang__) || __GNUC__ >= 8)
#define NNC_HAS_V16_DOTS 1
#define NNC_TARGET_V16_DOTS __attribute__((target("avx2,fma,f16c,avx512f,avx512vl,avx512dq,avx512bw,avx512vnni")))
#define NNC_INLINE_V16_DOTS NNC_TARGET_V16_DOTS NNC_INLINE
NNC_FUNCTION int nnc_isa_dots(void) {
#if defined(NNC_FORCE_ISA)
    return NNC_FORCE_ISA;
#else
    int isa = nnc_isa();
    return isa == 2 && !__builtin_cpu_supports("avx512vnni") ? 1 : isa;
#endif
}

/* Elements are split into two signed bytes; the upper ones' products count 256. */
typedef int32_t nnc_v16_words __attribute__((vector_size(64))); /* gcc would keep an __m512i twice, of two types */
typedef struct {
    nnc_v16_words high, low;
} nnc_v16_dots;
NNC_INLINE_V16_DOTS void nnc_v16_quantise(float *q, const float *x, size_t n) {
    float per_one = nnc_quantise_unit(q, nnc_v16_largest_of(x, n));
    const __m512 scale = _mm512_set1_ps(per_one);
    size_t k;
    for (k = 0; k + 32 <= n && per_one != 0.0f; k += 32) {
        float *to = q + 1 + k / 32 * 17;
        __m512i sums = _mm512_setzero_si512();
        int32_t sum;
        size_t i;
        for (i = 0; i < 32; i += 16) {
            __m512i code = _mm512_maskz_cvtps_epi32(NNC_ALL, _mm512_loadu_ps(x + k + i) * scale);
            __m512i rounded = _mm512_maskz_add_epi32(NNC_ALL, code, _mm512_set1_epi32(128));
            __m512i high = _mm512_maskz_srai_epi32(NNC_ALL, rounded, 8);
            __m128i upper = _mm512_maskz_cvtepi32_epi8(NNC_ALL, high), lower;
            lower = _mm512_maskz_cvtepi32_epi8(NNC_ALL, code); /* the bytes that the upper ones leave are the lowest */
            sums = _mm512_maskz_add_epi32(NNC_ALL, sums, code);
            _mm_storeu_ps(to + 1 + i / 2, _mm_castsi128_ps(_mm_unpacklo_epi32(upper, lower)));
            _mm_storeu_ps(to + 5 + i / 2, _mm_castsi128_ps(_mm_unpackhi_epi32(upper, lower)));
        }
        sum = nnc_v8_total(_mm256_add_epi32(_mm512_maskz_extracti64x4_epi64((__mmask8)0xff, sums, 0),
                                            _mm512_maskz_extracti64x4_epi64((__mmask8)0xff, sums, 1))) * -128;
        memcpy(to, &sum, sizeof sum);
    }
    for (; k < n; k += 32)
        nnc_quantise_block(q + 1 + k / 32 * 17, x + k, per_one == 0.0f ? 0 : n - k < 32 ? n - k : 32, per_one, 1);
}
NNC_INLINE_V16_DOTS nnc_v16_dots nnc_v16_dots_of(const float *q) {
    nnc_v16_dots s;
    NNC_FORGET();
    s.high = (nnc_v16_words)_mm512_setzero_si512();
    s.low = (nnc_v16_words)_mm512_set1_ps(*q);
    return s;
}
NNC_INLINE_V16_DOTS nnc_v16 nnc_v16_dots_scaled(nnc_v16 y, nnc_v16_dots s, const uint16_t *scales) {
    __m512i high = _mm512_maskz_slli_epi32(NNC_ALL, (__m512i)s.high, 8);
    nnc_v16 sum = _mm512_maskz_cvtepi32_ps(NNC_ALL, _mm512_maskz_add_epi32(NNC_ALL, high, (__m512i)s.low));
    y = nnc_v16_madd(sum, nnc_v16_load_bf16(scales), y);
    __asm__ __volatile__("" : "+v"(y));
    return y;
}
NNC_INLINE_V16_DOTS nnc_v16 nnc_v16_dots_units(nnc_v16 y, nnc_v16 s, const float *q) {
    y = nnc_v16_madd(s, nnc_v16_splat(*q), y);
    __asm__ __volatile__("" : "+v"(y));
    return y;
}
NNC_INLINE_V16_DOTS nnc_v16_dots nnc_v16_dot4(nnc_v16_dots s, const uint8_t *w, const float *q) {
    __m512i codes = _mm512_loadu_si512(w);
    __m512i x = _mm512_castps_si512(_mm512_set1_ps(q[0])), y = _mm512_castps_si512(_mm512_set1_ps(q[1]));
    s.high = (nnc_v16_words)_mm512_dpbusd_epi32((__m512i)s.high, codes, x);
    s.low = (nnc_v16_words)_mm512_dpbusd_epi32((__m512i)s.low, codes, y);
    return s;
}
#else
#define NNC_HAS_V16_DOTS 0
NNC_FUNCTION int nnc_isa_dots(void) { return nnc_isa() > 1 ? 1 : nnc_isa(); }
#endif
#define NNC_BODY_V16_DOTS (NNC_BODY_V16 && NNC_HAS_V16_DOTS)
#endif /* NNC_WIDE_DOTS */
/* nnc dots: end */
