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
NNC_INLINE_V16 nnc_v16 nnc_v16_load_2(const float *p) {
    return _mm512_maskz_permutex2var_ps(NNC_ALL, nnc_v16_load(p),
                                        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31),
                                        nnc_v16_load(p + 15));
}
NNC_INLINE_V16 nnc_v16 nnc_v16_even(nnc_v16 a, nnc_v16 b) {
    return _mm512_maskz_permutex2var_ps(
        NNC_ALL, a, _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), b);
}
NNC_INLINE_V16 nnc_v16 nnc_v16_odd(nnc_v16 a, nnc_v16 b) {
    return _mm512_maskz_permutex2var_ps(
        NNC_ALL, a, _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31), b);
}
NNC_INLINE_V16 void nnc_v16_store(float *p, nnc_v16 v) { _mm512_storeu_ps(p, v); }
NNC_INLINE_V16 nnc_v16 nnc_v16_held(nnc_v16 v) { return v; } /* what it would bring there was not measured */
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
NNC_INLINE_V16 nnc_v16 nnc_v16_lanes(__mmask16 m) { return _mm512_castsi512_ps(_mm512_movm_epi32(m)); }
NNC_INLINE_V16 nnc_v16 nnc_v16_equal(nnc_v16 a, nnc_v16 b) {
    return nnc_v16_lanes(_mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ));
}
NNC_INLINE_V16 nnc_v16 nnc_v16_not_equal(nnc_v16 a, nnc_v16 b) {
    return nnc_v16_lanes(_mm512_cmp_ps_mask(a, b, _CMP_NEQ_UQ));
}
NNC_INLINE_V16 nnc_v16 nnc_v16_less(nnc_v16 a, nnc_v16 b) {
    return nnc_v16_lanes(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ));
}
NNC_INLINE_V16 nnc_v16 nnc_v16_less_equal(nnc_v16 a, nnc_v16 b) {
    return nnc_v16_lanes(_mm512_cmp_ps_mask(a, b, _CMP_LE_OQ));
}
NNC_INLINE_V16 nnc_v16 nnc_v16_mask_of(nnc_v16 bits) {
    return _mm512_castsi512_ps(_mm512_maskz_sub_epi32(NNC_ALL, _mm512_setzero_si512(), _mm512_castps_si512(bits)));
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
NNC_DEFINE_WIDE_SUMS(NNC_INLINE_V16, nnc_v16, __m512d)
NNC_INLINE_V16 double nnc_v16_sums_lanes(nnc_v16_sums s) {
    __m512d eight = s.low + s.high;
    return nnc_v8_sums_lanes(nnc_v8_sums_pair(_mm512_maskz_extractf64x4_pd((__mmask8)0xff, eight, 0),
                                                _mm512_maskz_extractf64x4_pd((__mmask8)0xff, eight, 1)));
}
NNC_DEFINE_BY_HALVES(NNC_INLINE_V16, nnc_v16, nnc_v8, nnc_v16_low, nnc_v16_high)
NNC_INLINE_V16 nnc_v4 nnc_v16_sum4(nnc_v16 a, nnc_v16 b, nnc_v16 c, nnc_v16 d) {
    return nnc_v8_sum4(nnc_v16_low(a) + nnc_v16_high(a), nnc_v16_low(b) + nnc_v16_high(b),
                       nnc_v16_low(c) + nnc_v16_high(c), nnc_v16_low(d) + nnc_v16_high(d));
}
NNC_INLINE_V16 nnc_v8 nnc_v16_sum8(nnc_v16 a, nnc_v16 b, nnc_v16 c, nnc_v16 d, nnc_v16 e, nnc_v16 f, nnc_v16 g,
                                   nnc_v16 h) {
    return nnc_v8_sum8(nnc_v16_low(a) + nnc_v16_high(a), nnc_v16_low(b) + nnc_v16_high(b),
                       nnc_v16_low(c) + nnc_v16_high(c), nnc_v16_low(d) + nnc_v16_high(d),
                       nnc_v16_low(e) + nnc_v16_high(e), nnc_v16_low(f) + nnc_v16_high(f),
                       nnc_v16_low(g) + nnc_v16_high(g), nnc_v16_low(h) + nnc_v16_high(h));
}
NNC_INLINE_V16 void nnc_v16_pack(float *to, size_t width, const float *from, size_t stride, size_t rows,
                                 size_t columns) {
    nnc_v8_pack(to, width, from, stride, rows, columns);
}
NNC_DEFINE_PART(NNC_INLINE_V16, nnc_v16, 16)
NNC_INLINE_V16 void nnc_v16_split_2(nnc_v16 low, nnc_v16 high, nnc_v16 *a, nnc_v16 *b) {
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    *a = _mm512_maskz_permutex2var_ps(NNC_ALL, low, even, high);
    *b = _mm512_maskz_permutex2var_ps(NNC_ALL, low, odd, high);
}
NNC_INLINE_V16 void nnc_v16_split_3(nnc_v16 low, nnc_v16 middle, nnc_v16 high, nnc_v16 *a, nnc_v16 *b, nnc_v16 *c) {
    *a = _mm512_maskz_permutex2var_ps(NNC_ALL, _mm512_mask_blend_ps((__mmask16)0x4924, low, middle),
                                      _mm512_setr_epi32(0, 3, 6, 9, 12, 15, 2, 5, 8, 11, 14, 17, 20, 23, 26, 29), high);
    *b = _mm512_maskz_permutex2var_ps(NNC_ALL, _mm512_mask_blend_ps((__mmask16)0x9249, low, middle),
                                      _mm512_setr_epi32(1, 4, 7, 10, 13, 0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30), high);
    *c = _mm512_maskz_permutex2var_ps(NNC_ALL, _mm512_mask_blend_ps((__mmask16)0x2492, low, middle),
                                      _mm512_setr_epi32(2, 5, 8, 11, 14, 1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31),
                                      high);
}
NNC_INLINE_V16 void nnc_v16_repeat_2(const float *p, size_t n, nnc_v16 *low, nnc_v16 *high) {
    const nnc_v16 v = nnc_v16_part(p, 0, n);
    const __m512i first = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    const __m512i second = _mm512_setr_epi32(8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15);
    *low = _mm512_maskz_permutexvar_ps(NNC_ALL, first, v);
    *high = _mm512_maskz_permutexvar_ps(NNC_ALL, second, v);
}
NNC_INLINE_V16 void nnc_v16_repeat_3(const float *p, size_t n, nnc_v16 *low, nnc_v16 *middle, nnc_v16 *high) {
    const nnc_v16 v = nnc_v16_part(p, 0, n);
    const __m512i first = _mm512_setr_epi32(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5);
    const __m512i second = _mm512_setr_epi32(5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 10, 10);
    const __m512i third = _mm512_setr_epi32(10, 11, 11, 11, 12, 12, 12, 13, 13, 13, 14, 14, 14, 15, 15, 15);
    *low = _mm512_maskz_permutexvar_ps(NNC_ALL, first, v);
    *middle = _mm512_maskz_permutexvar_ps(NNC_ALL, second, v);
    *high = _mm512_maskz_permutexvar_ps(NNC_ALL, third, v);
}
NNC_INLINE_V16 nnc_v16 nnc_v16_gather_all(const float *p, size_t s) {
    return _mm512_maskz_insertf32x8(NNC_ALL, _mm512_castps256_ps512(nnc_v8_gather_all(p, s)),
                                    nnc_v8_gather_all(p + 8 * s, s), 1);
}
NNC_DEFINE_OPERATORS(NNC_INLINE_V16, nnc_v16)
NNC_DEFINE_COMMON(NNC_INLINE_V16, nnc_v16, 16)
