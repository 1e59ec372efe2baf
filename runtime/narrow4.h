/* Weights in 16 and in 8 bits on four lanes. */
#if defined(__SSE2__) && !defined(NNC_PLAIN_C) && defined(__GNUC__)
#define NNC_V4_HALVES_AS_WORDS(p) \
    ((nnc_v4_words)_mm_unpacklo_epi16(_mm_loadl_epi64((const __m128i *)(const void *)(p)), _mm_setzero_si128()))
#elif defined(NNC_NEON)
#define NNC_V4_HALVES_AS_WORDS(p) ((nnc_v4_words)vmovl_u16(vld1_u16(p)))
#endif
#if defined(NNC_V4_HALVES_AS_WORDS)
NNC_INLINE nnc_v4 nnc_v4_load_bf16(const uint16_t *p) { return (nnc_v4)(NNC_V4_HALVES_AS_WORDS(p) << 16); }
/* 2^23 + 2^15 + i, less that. */
NNC_INLINE nnc_v4 nnc_v4_load_i16(const int16_t *p) {
    const nnc_v4_words biased = {0x4b008000, 0x4b008000, 0x4b008000, 0x4b008000};
    return (nnc_v4)(NNC_V4_HALVES_AS_WORDS((const uint16_t *)p) ^ biased) - nnc_v4_splat(8421376.0f);
}
NNC_INLINE nnc_v4 nnc_v4_load_f16(const uint16_t *p) {
#if defined(NNC_NEON)
    return (nnc_v4)vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)));
#else
    const nnc_v4_words two23 = {0x4b000000, 0x4b000000, 0x4b000000, 0x4b000000};
    const nnc_v4_words up = {0x38000000, 0x38000000, 0x38000000, 0x38000000};
    const nnc_v4_bits normal = {0x400, 0x400, 0x400, 0x400};
    nnc_v4_words bits = NNC_V4_HALVES_AS_WORDS(p), sign = bits >> 15 << 31, rest = bits & ~(bits >> 15 << 15);
    nnc_v4 small = ((nnc_v4)(rest | two23) - nnc_v4_splat(8388608.0f)) * nnc_v4_splat(5.9604644775390625e-08f);
    nnc_v4 x = nnc_v4_select(((nnc_v4_bits)rest - normal) >> 31, small, (nnc_v4)((rest << 13) + up));
    return (nnc_v4)((nnc_v4_words)x | sign);
#endif
}
#else
#define NNC_V4_OF_NARROW(NAME, TYPE)                                                                            \
    NNC_INLINE nnc_v4 nnc_v4_##NAME(const TYPE *p) {                                                            \
        float lane[4];                                                                                          \
        lane[0] = nnc_v1_##NAME(p), lane[1] = nnc_v1_##NAME(p + 1);                                             \
        lane[2] = nnc_v1_##NAME(p + 2), lane[3] = nnc_v1_##NAME(p + 3);                                         \
        return nnc_v4_load(lane);                                                                               \
    }
NNC_V4_OF_NARROW(load_f16, uint16_t)
NNC_V4_OF_NARROW(load_bf16, uint16_t)
NNC_V4_OF_NARROW(load_i16, int16_t)
#endif

#define NNC_DEFINE_LARGEST_OF(INLINE, V, LANES)                                                                 \
    INLINE float V##_largest_of(const float *x, size_t n) {                                                     \
        V largest = V##_zero();                                                                                 \
        size_t i;                                                                                               \
        for (i = 0; i + LANES <= n; i += LANES)                                                                 \
            largest = V##_maximum(largest, V##_abs(V##_load(x + i)));                                           \
        if (i < n)                                                                                              \
            largest = V##_maximum(largest, V##_abs(V##_load_n(x + i, n - i)));                                  \
        return V##_largest(largest);                                                                            \
    }
NNC_DEFINE_LARGEST_OF(NNC_INLINE, nnc_v4, 4)

#if defined(__SSE2__) && !defined(NNC_PLAIN_C) && defined(__GNUC__)
typedef nnc_v4_bits nnc_v4_dots;
NNC_INLINE void nnc_v4_quantise(float *q, const float *x, size_t n) {
    float per_one = nnc_quantise_unit(q, nnc_v4_largest_of(x, n));
    const __m128 scale = _mm_set1_ps(per_one);
    size_t k;
    for (k = 0; k + 32 <= n && per_one != 0.0f; k += 32) {
        float *to = q + 1 + k / 32 * 17;
        __m128i sums = _mm_setzero_si128();
        size_t i;
        int32_t sum[4];
        for (i = 0; i < 32; i += 8) {
            __m128i a = _mm_cvtps_epi32(_mm_loadu_ps(x + k + i) * scale);
            __m128i b = _mm_cvtps_epi32(_mm_loadu_ps(x + k + i + 4) * scale);
            sums = _mm_add_epi32(sums, _mm_add_epi32(a, b));
            a = _mm_shufflehi_epi16(_mm_shufflelo_epi16(_mm_packs_epi32(a, b), 0xd8), 0xd8);
            _mm_storeu_ps(to + 1 + i / 2, _mm_castsi128_ps(a));
        }
        memcpy(sum, &sums, sizeof sum);
        sum[0] = (sum[0] + sum[1] + sum[2] + sum[3]) * -128;
        memcpy(to, sum, sizeof *sum);
    }
    for (; k < n; k += 32)
        nnc_quantise_block(q + 1 + k / 32 * 17, x + k, per_one == 0.0f ? 0 : n - k < 32 ? n - k : 32, per_one, 0);
}
NNC_INLINE nnc_v4_dots nnc_v4_dots_of(const float *q) { return (nnc_v4_dots)nnc_v4_splat(*q); }
NNC_INLINE nnc_v4 nnc_v4_dots_float(nnc_v4_dots s) { return (nnc_v4)_mm_cvtepi32_ps((__m128i)s); }
NNC_INLINE nnc_v4_dots nnc_v4_dot4(nnc_v4_dots s, const uint8_t *w, const float *q) {
    __m128i codes = _mm_loadu_si128((const __m128i *)(const void *)w);
    __m128i even = _mm_and_si128(codes, _mm_set1_epi16(255)), odd = _mm_srli_epi16(codes, 8);
    even = _mm_madd_epi16(even, _mm_castps_si128(_mm_set1_ps(q[0])));
    odd = _mm_madd_epi16(odd, _mm_castps_si128(_mm_set1_ps(q[1])));
    return (nnc_v4_dots)_mm_add_epi32((__m128i)s, _mm_add_epi32(even, odd));
}
#elif defined(NNC_NEON) && defined(__ARM_FEATURE_DOTPROD)
typedef struct {
    int32x4_t high, low;
} nnc_v4_dots;
NNC_INLINE void nnc_v4_quantise(float *q, const float *x, size_t n) {
    nnc_quantise_blocks(q, x, n, nnc_v4_largest_of(x, n), 1);
}
NNC_INLINE nnc_v4_dots nnc_v4_dots_of(const float *q) { /* the weights are made signed */
    nnc_v4_dots s;
    (void)q;
    s.high = s.low = vdupq_n_s32(0);
    return s;
}
NNC_INLINE nnc_v4 nnc_v4_dots_float(nnc_v4_dots s) {
    return (nnc_v4)vcvtq_f32_s32(vaddq_s32(vshlq_n_s32(s.high, 8), s.low));
}
NNC_INLINE nnc_v4_dots nnc_v4_dot4(nnc_v4_dots s, const uint8_t *w, const float *q) {
    int8x16_t codes = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(w), vdupq_n_u8(128)));
    s.high = vdotq_s32(s.high, codes, vreinterpretq_s8_f32(vdupq_n_f32(q[0])));
    s.low = vdotq_s32(s.low, codes, vreinterpretq_s8_f32(vdupq_n_f32(q[1])));
    return s;
}
#elif defined(NNC_NEON)
typedef int32x4_t nnc_v4_dots;
NNC_INLINE void nnc_v4_quantise(float *q, const float *x, size_t n) {
    nnc_quantise_blocks(q, x, n, nnc_v4_largest_of(x, n), 0);
}
NNC_INLINE nnc_v4_dots nnc_v4_dots_of(const float *q) { return vreinterpretq_s32_f32(vdupq_n_f32(*q)); }
NNC_INLINE nnc_v4 nnc_v4_dots_float(nnc_v4_dots s) { return (nnc_v4)vcvtq_f32_s32(s); }
NNC_INLINE nnc_v4_dots nnc_v4_dot4(nnc_v4_dots s, const uint8_t *w, const float *q) {
    uint16x8_t codes = vreinterpretq_u16_u8(vld1q_u8(w));
    int16x8_t even = vreinterpretq_s16_u16(vandq_u16(codes, vdupq_n_u16(255)));
    int16x8_t odd = vreinterpretq_s16_u16(vshrq_n_u16(codes, 8));
    int16x8_t x0 = vreinterpretq_s16_f32(vdupq_n_f32(q[0])), x1 = vreinterpretq_s16_f32(vdupq_n_f32(q[1]));
    int32x4_t low = vmlal_s16(vmull_s16(vget_low_s16(even), vget_low_s16(x0)), vget_low_s16(odd), vget_low_s16(x1));
    int32x4_t high = vmlal_high_s16(vmull_high_s16(even, x0), odd, x1);
    return vaddq_s32(s, vpaddq_s32(low, high));
}
#elif NNC_HELIUM && !defined(NNC_PLAIN_C) && defined(__GNUC__)
typedef int32x4_t nnc_v4_dots;
NNC_INLINE void nnc_v4_quantise(float *q, const float *x, size_t n) {
    nnc_quantise_blocks(q, x, n, nnc_v4_largest_of(x, n), 0);
}
NNC_INLINE nnc_v4_dots nnc_v4_dots_of(const float *q) { return vdupq_n_s32(nnc_quantised_word(q)); }
NNC_INLINE nnc_v4 nnc_v4_dots_float(nnc_v4_dots s) { return (nnc_v4)vcvtq_f32_s32(s); }
NNC_INLINE nnc_v4_dots nnc_v4_dot4(nnc_v4_dots s, const uint8_t *w, const float *q) {
    uint16x8_t codes = vreinterpretq_u16_u8(vld1q_u8(w));
    int16x8_t even = vreinterpretq_s16_u16(vandq_u16(codes, vdupq_n_u16(255)));
    int16x8_t odd = vreinterpretq_s16_u16(vshrq_n_u16(codes, 8));
    int16x8_t x0 = vreinterpretq_s16_s32(vdupq_n_s32(nnc_quantised_word(q)));
    int16x8_t x1 = vreinterpretq_s16_s32(vdupq_n_s32(nnc_quantised_word(q + 1)));
    s = vaddq_s32(s, vaddq_s32(vmullbq_int_s16(even, x0), vmulltq_int_s16(even, x0)));
    return vaddq_s32(s, vaddq_s32(vmullbq_int_s16(odd, x1), vmulltq_int_s16(odd, x1)));
}
#else
typedef struct {
    nnc_v1_dots lane[4];
} nnc_v4_dots;
NNC_INLINE void nnc_v4_quantise(float *q, const float *x, size_t n) { nnc_v1_quantise(q, x, n); }
NNC_INLINE nnc_v4_dots nnc_v4_dots_of(const float *q) {
    nnc_v4_dots s;
    s.lane[0] = s.lane[1] = s.lane[2] = s.lane[3] = nnc_quantised_word(q);
    return s;
}
NNC_INLINE nnc_v4 nnc_v4_dots_float(nnc_v4_dots s) {
    float lane[4];
    lane[0] = (float)s.lane[0], lane[1] = (float)s.lane[1], lane[2] = (float)s.lane[2], lane[3] = (float)s.lane[3];
    return nnc_v4_load(lane);
}
NNC_INLINE nnc_v4_dots nnc_v4_dot4(nnc_v4_dots s, const uint8_t *w, const float *q) {
    s.lane[0] = nnc_v1_dot4(s.lane[0], w, q);
    s.lane[1] = nnc_v1_dot4(s.lane[1], w + 4, q);
    s.lane[2] = nnc_v1_dot4(s.lane[2], w + 8, q);
    s.lane[3] = nnc_v1_dot4(s.lane[3], w + 12, q);
    return s;
}
#endif
NNC_INLINE nnc_v4 nnc_v4_dots_scaled(nnc_v4 y, nnc_v4_dots s, const uint16_t *scales) {
    return nnc_v4_madd(nnc_v4_dots_float(s), nnc_v4_load_bf16(scales), y);
}
NNC_INLINE nnc_v4 nnc_v4_dots_units(nnc_v4 y, nnc_v4 s, const float *q) { return nnc_v4_madd(s, nnc_v4_splat(*q), y); }
