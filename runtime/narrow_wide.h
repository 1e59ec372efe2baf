/* Weights in 16 and in 8 bits on wide vectors; see above. */
NNC_DEFINE_LARGEST_OF(NNC_INLINE_V8, nnc_v8, 8)
NNC_INLINE_V8 __m256i nnc_v8_halves(const void *p) {
    return _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
}
NNC_INLINE_V8 nnc_v8 nnc_v8_load_bf16(const uint16_t *p) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(nnc_v8_halves(p), 16));
}
NNC_INLINE_V8 nnc_v8 nnc_v8_load_f16(const uint16_t *p) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)p));
}
NNC_INLINE_V8 nnc_v8 nnc_v8_load_i16(const int16_t *p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)));
}
NNC_INLINE_V8 nnc_v8 nnc_v8_codes_scaled(nnc_v8 y, nnc_v8 s, const float *p) {
    y = nnc_v8_madd(s, nnc_v8_load(p), y);
    __asm__ __volatile__("" : "+x"(y));
    return y;
}
typedef __m256i nnc_v8_dots;
NNC_INLINE_V8 int32_t nnc_v8_total(__m256i sums) {
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1)));
}
NNC_INLINE_V8 void nnc_v8_quantise(float *q, const float *x, size_t n) {
    float per_one = nnc_quantise_unit(q, nnc_v8_largest_of(x, n));
    const nnc_v8 scale = nnc_v8_splat(per_one);
    size_t k;
    for (k = 0; k + 32 <= n && per_one != 0.0f; k += 32) {
        float *to = q + 1 + k / 32 * 17;
        __m256i sums = _mm256_setzero_si256();
        int32_t sum;
        size_t i;
        for (i = 0; i < 32; i += 16) {
            __m256i a = _mm256_cvtps_epi32(_mm256_loadu_ps(x + k + i) * scale);
            __m256i b = _mm256_cvtps_epi32(_mm256_loadu_ps(x + k + i + 8) * scale);
            sums = _mm256_add_epi32(sums, _mm256_add_epi32(a, b));
            a = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
            a = _mm256_shufflehi_epi16(_mm256_shufflelo_epi16(a, 0xd8), 0xd8);
            _mm256_storeu_ps(to + 1 + i / 2, _mm256_castsi256_ps(a));
        }
        sum = nnc_v8_total(sums) * -128;
        memcpy(to, &sum, sizeof sum);
    }
    for (; k < n; k += 32)
        nnc_quantise_block(q + 1 + k / 32 * 17, x + k, per_one == 0.0f ? 0 : n - k < 32 ? n - k : 32, per_one, 0);
}
NNC_INLINE_V8 nnc_v8_dots nnc_v8_dots_of(const float *q) {
    NNC_FORGET();
    return _mm256_castps_si256(_mm256_broadcast_ss(q));
}
NNC_INLINE_V8 nnc_v8 nnc_v8_dots_scaled(nnc_v8 y, nnc_v8_dots s, const uint16_t *scales) {
    y = nnc_v8_madd(_mm256_cvtepi32_ps(s), nnc_v8_load_bf16(scales), y);
    __asm__ __volatile__("" : "+x"(y));
    return y;
}
NNC_INLINE_V8 nnc_v8 nnc_v8_dots_units(nnc_v8 y, nnc_v8 s, const float *q) {
    y = nnc_v8_madd(s, nnc_v8_splat(*q), y);
    __asm__ __volatile__("" : "+x"(y));
    return y;
}
NNC_INLINE_V8 nnc_v8_dots nnc_v8_dot4(nnc_v8_dots s, const uint8_t *w, const float *q) {
    __m256i codes = _mm256_loadu_si256((const __m256i *)(const void *)w);
    __m256i even = _mm256_and_si256(codes, _mm256_set1_epi16(255)), odd = _mm256_srli_epi16(codes, 8);
    even = _mm256_madd_epi16(even, _mm256_castps_si256(_mm256_broadcast_ss(q)));
    odd = _mm256_madd_epi16(odd, _mm256_castps_si256(_mm256_broadcast_ss(q + 1)));
    s = _mm256_add_epi32(s, _mm256_add_epi32(even, odd));
    __asm__("" : "+x"(s)); /* gcc's -O3 would add the products of a whole block in another order */
    return s;
}

NNC_DEFINE_LARGEST_OF(NNC_INLINE_V16, nnc_v16, 16)
NNC_INLINE_V16 __m512i nnc_v16_halves(const void *p) {
    return _mm512_maskz_cvtepu16_epi32(NNC_ALL, _mm256_loadu_si256((const __m256i *)p));
}
NNC_INLINE_V16 nnc_v16 nnc_v16_load_bf16(const uint16_t *p) {
    return _mm512_castsi512_ps(_mm512_maskz_slli_epi32(NNC_ALL, nnc_v16_halves(p), 16));
}
NNC_INLINE_V16 nnc_v16 nnc_v16_load_f16(const uint16_t *p) {
    return _mm512_maskz_cvtph_ps(NNC_ALL, _mm256_loadu_si256((const __m256i *)(const void *)p));
}
NNC_INLINE_V16 nnc_v16 nnc_v16_load_i16(const int16_t *p) {
    __m512i words = _mm512_maskz_cvtepi16_epi32(NNC_ALL, _mm256_loadu_si256((const __m256i *)(const void *)p));
    return _mm512_maskz_cvtepi32_ps(NNC_ALL, words);
}
NNC_INLINE_V16 nnc_v16 nnc_v16_codes_scaled(nnc_v16 y, nnc_v16 s, const float *p) {
    y = nnc_v16_madd(s, nnc_v16_load(p), y);
    __asm__ __volatile__("" : "+v"(y));
    return y;
}
