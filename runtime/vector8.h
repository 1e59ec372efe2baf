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
/* What a shuffle of halves leaves: pairs 0, 2, 1, 3. */
NNC_INLINE_V8 nnc_v8 nnc_v8_in_order(nnc_v8 halves) {
    return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(halves), _MM_SHUFFLE(3, 1, 2, 0)));
}
NNC_INLINE_V8 nnc_v8 nnc_v8_load_2(const float *p) {
    return nnc_v8_in_order(_mm256_shuffle_ps(nnc_v8_load(p), nnc_v8_load(p + 7), _MM_SHUFFLE(3, 1, 2, 0)));
}
NNC_INLINE_V8 nnc_v8 nnc_v8_even(nnc_v8 a, nnc_v8 b) {
    return nnc_v8_in_order(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)));
}
NNC_INLINE_V8 nnc_v8 nnc_v8_odd(nnc_v8 a, nnc_v8 b) {
    return nnc_v8_in_order(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)));
}
NNC_INLINE_V8 void nnc_v8_store(float *p, nnc_v8 v) { _mm256_storeu_ps(p, v); }
NNC_INLINE_V8 nnc_v8 nnc_v8_held(nnc_v8 v) {
#if defined(__GNUC__)
    __asm__("" : "+x"(v));
#endif
    return v;
}
/* In parts: a masked store takes some processors a dozen cycles, and what it stored cannot be loaded again at once. */
NNC_INLINE_V8 void nnc_v8_store_n(float *p, nnc_v8 v, size_t n) {
    __m128 part = _mm256_castps256_ps128(v);
    if (n >= 8) {
        nnc_v8_store(p, v);
        return;
    }
    if (n & 4) {
        _mm_storeu_ps(p, part);
        part = _mm256_extractf128_ps(v, 1);
        p += 4;
    }
    if (n & 2) {
        _mm_storel_pi((__m64 *)(void *)p, part);
        part = _mm_movehl_ps(part, part);
        p += 2;
    }
    if (n & 1) _mm_store_ss(p, part);
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
    __m256i power = _mm256_cvtps_epi32(n);
    __m256i half = _mm256_add_epi32(_mm256_srai_epi32(power, 1), _mm256_set1_epi32(129));
    __m256i rest = _mm256_sub_epi32(_mm256_add_epi32(power, _mm256_set1_epi32(254)), half);
    x *= _mm256_castsi256_ps(_mm256_slli_epi32(half, 23));
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
NNC_INLINE_V8 nnc_v8 nnc_v8_equal(nnc_v8 a, nnc_v8 b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
NNC_INLINE_V8 nnc_v8 nnc_v8_not_equal(nnc_v8 a, nnc_v8 b) { return _mm256_cmp_ps(a, b, _CMP_NEQ_UQ); }
NNC_INLINE_V8 nnc_v8 nnc_v8_less(nnc_v8 a, nnc_v8 b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
NNC_INLINE_V8 nnc_v8 nnc_v8_less_equal(nnc_v8 a, nnc_v8 b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
NNC_INLINE_V8 nnc_v8 nnc_v8_mask_of(nnc_v8 bits) {
    return _mm256_castsi256_ps(_mm256_sub_epi32(_mm256_setzero_si256(), _mm256_castps_si256(bits)));
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
NNC_DEFINE_WIDE_SUMS(NNC_INLINE_V8, nnc_v8, __m256d)
NNC_INLINE_V8 double nnc_v8_sums_lanes(nnc_v8_sums s) {
    __m256d four = s.low + s.high;
    return nnc_v4_sums_lanes(nnc_v4_sums_pair(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1)));
}
#define NNC_V8_LOW(v) ((nnc_v4)_mm256_castps256_ps128(v))
#define NNC_V8_HIGH(v) ((nnc_v4)_mm256_extractf128_ps(v, 1))
NNC_DEFINE_BY_HALVES(NNC_INLINE_V8, nnc_v8, nnc_v4, NNC_V8_LOW, NNC_V8_HIGH)
/* Halves are added side by side: of a and c, and of b and d; then halves of these. */
NNC_INLINE_V8 nnc_v8 nnc_v8_add_halves(nnc_v8 a, nnc_v8 b) {
    return _mm256_blend_ps(a, b, 0xf0) + _mm256_permute2f128_ps(a, b, 0x21);
}
/* And pairs of each half, the same way. */
NNC_INLINE_V8 nnc_v8 nnc_v8_add_pairs(nnc_v8 a, nnc_v8 b) {
    return _mm256_blend_ps(a, b, 0xcc) + _mm256_shuffle_ps(a, b, 0x4e);
}
NNC_INLINE_V8 nnc_v4 nnc_v8_sum4(nnc_v8 a, nnc_v8 b, nnc_v8 c, nnc_v8 d) {
    const nnc_v8 ac = nnc_v8_add_halves(a, c), bd = nnc_v8_add_halves(b, d);
    const nnc_v8 all = nnc_v8_add_pairs(ac, bd);
    const __m128 ab = _mm256_castps256_ps128(all), cd = _mm256_extractf128_ps(all, 1);
    return (nnc_v4)(_mm_shuffle_ps(ab, cd, 0x88) + _mm_shuffle_ps(ab, cd, 0xdd));
}
NNC_INLINE_V8 nnc_v8 nnc_v8_sum8(nnc_v8 a, nnc_v8 b, nnc_v8 c, nnc_v8 d, nnc_v8 e, nnc_v8 f, nnc_v8 g, nnc_v8 h) {
    const nnc_v8 abef = nnc_v8_add_pairs(nnc_v8_add_halves(a, e), nnc_v8_add_halves(b, f));
    const nnc_v8 cdgh = nnc_v8_add_pairs(nnc_v8_add_halves(c, g), nnc_v8_add_halves(d, h));
    return _mm256_shuffle_ps(abef, cdgh, 0x88) + _mm256_shuffle_ps(abef, cdgh, 0xdd);
}
NNC_INLINE_V8 nnc_v8 nnc_v8_load_halves(const float *low, const float *high) {
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(low)), _mm_loadu_ps(high), 1);
}
/* Four columns of eight rows, the first of which begins at p. */
NNC_INLINE_V8 void nnc_v8_turn(const float *p, size_t stride, nnc_v8 *a, nnc_v8 *b, nnc_v8 *c, nnc_v8 *d) {
    const float *q = p + 4 * stride;
    const nnc_v8 e = nnc_v8_load_halves(p, q), f = nnc_v8_load_halves(p + stride, q + stride);
    const nnc_v8 g = nnc_v8_load_halves(p + 2 * stride, q + 2 * stride);
    const nnc_v8 h = nnc_v8_load_halves(p + 3 * stride, q + 3 * stride);
    const nnc_v8 ef = _mm256_unpacklo_ps(e, f), gh = _mm256_unpacklo_ps(g, h);
    const nnc_v8 ef2 = _mm256_unpackhi_ps(e, f), gh2 = _mm256_unpackhi_ps(g, h);
    *a = _mm256_shuffle_ps(ef, gh, 0x44);
    *b = _mm256_shuffle_ps(ef, gh, 0xee);
    *c = _mm256_shuffle_ps(ef2, gh2, 0x44);
    *d = _mm256_shuffle_ps(ef2, gh2, 0xee);
}
NNC_DEFINE_PART(NNC_INLINE_V8, nnc_v8, 8)
NNC_INLINE_V8 void nnc_v8_split_2(nnc_v8 low, nnc_v8 high, nnc_v8 *a, nnc_v8 *b) {
    *a = nnc_v8_in_order(_mm256_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0)));
    *b = nnc_v8_in_order(_mm256_shuffle_ps(low, high, _MM_SHUFFLE(3, 1, 3, 1)));
}
NNC_INLINE_V8 void nnc_v8_split_3(nnc_v8 low, nnc_v8 middle, nnc_v8 high, nnc_v8 *a, nnc_v8 *b, nnc_v8 *c) {
    /* rows 0 to 3 in one half, 4 to 7 in the other: first, second and last four floats of each */
    const nnc_v8 first = _mm256_blend_ps(low, middle, 0xf0), second = _mm256_permute2f128_ps(low, high, 0x21);
    const nnc_v8 last = _mm256_blend_ps(middle, high, 0xf0);
    const nnc_v8 to_2 = _mm256_shuffle_ps(first, second, 0x49), from_2 = _mm256_shuffle_ps(second, last, 0x9e);
    *a = _mm256_shuffle_ps(first, from_2, 0x8c);
    *b = _mm256_shuffle_ps(to_2, from_2, 0xd8);
    *c = _mm256_shuffle_ps(to_2, last, 0xcd);
}
/* Four floats in both halves, and of each half what these places say: loads do the most of it. */
NNC_INLINE_V8 nnc_v8 nnc_v8_repeat(const float *p, __m256i places) {
    const __m128 four = _mm_loadu_ps(p);
    nnc_v8 both = _mm256_insertf128_ps(_mm256_castps128_ps256(four), four, 1);
#if defined(__clang__) /* would make one permutation of both halves of it, which takes two instructions' time */
    __asm__("" : "+x"(both));
#endif
    return _mm256_permutevar_ps(both, places);
}
NNC_INLINE_V8 void nnc_v8_repeat_2(const float *p, size_t n, nnc_v8 *low, nnc_v8 *high) {
    if (n == 8) {
        *low = nnc_v8_repeat(p, _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3));
        *high = nnc_v8_repeat(p + 4, _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3));
    } else {
        const nnc_v8 v = nnc_v8_load_n(p, n);
        *low = _mm256_permutevar8x32_ps(v, _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3));
        *high = _mm256_permutevar8x32_ps(v, _mm256_setr_epi32(4, 4, 5, 5, 6, 6, 7, 7));
    }
}
NNC_INLINE_V8 void nnc_v8_repeat_3(const float *p, size_t n, nnc_v8 *low, nnc_v8 *middle, nnc_v8 *high) {
    if (n == 8) {
        *low = nnc_v8_repeat(p, _mm256_setr_epi32(0, 0, 0, 1, 1, 1, 2, 2));
        *middle = nnc_v8_repeat(p + 2, _mm256_setr_epi32(0, 1, 1, 1, 2, 2, 2, 3));
        *high = nnc_v8_repeat(p + 4, _mm256_setr_epi32(1, 1, 2, 2, 2, 3, 3, 3));
    } else {
        const nnc_v8 v = nnc_v8_load_n(p, n);
        *low = _mm256_permutevar8x32_ps(v, _mm256_setr_epi32(0, 0, 0, 1, 1, 1, 2, 2));
        *middle = _mm256_permutevar8x32_ps(v, _mm256_setr_epi32(2, 3, 3, 3, 4, 4, 4, 5));
        *high = _mm256_permutevar8x32_ps(v, _mm256_setr_epi32(5, 5, 6, 6, 6, 7, 7, 7));
    }
}
NNC_INLINE_V8 nnc_v8 nnc_v8_gather_all(const float *p, size_t s) {
    return _mm256_setr_ps(p[0], p[s], p[2 * s], p[3 * s], p[4 * s], p[5 * s], p[6 * s], p[7 * s]);
}
NNC_DEFINE_OPERATORS(NNC_INLINE_V8, nnc_v8)
NNC_DEFINE_COMMON(NNC_INLINE_V8, nnc_v8, 8)
NNC_DEFINE_PACK(NNC_INLINE_V8, nnc_v8, 8, nnc_v4_pack)
