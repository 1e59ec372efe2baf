/* ---- Weights in 16 and in 8 bits ------------------------------------------------------------------------------------
 * load_f16(p), load_bf16(p), load_i16(p)   a vector of floats: of halves, of bfloat16 (the upper half of a float), of
 *                       integers
 *
 * int8: a row of weights is -128 + the bytes that are stored, times a scale for each 32 of them. The vector that it is
 * multiplied with is rounded too, to 16 bits, once for all rows; sums of 32 products are integers, and exact.
 *
 *     quantise(q, x, n)     x[n] as integers: x[i] is q's first float times an integer of at most 32512, to within half of
 *                           that float. q has room for 1 + 17 * ((n + 31) / 32) floats: behind the first one, for each 32
 *                           elements, a word that sums start from, and 16 words with the elements, four in two words.
 *                           If an element is infinite or a NaN, the first float is a NaN; below 1e-30 all are 0.
 *     dots_of(q)            sums that start from the word at q, and take from it all that the bytes have too much
 *     dot4(s, w, q)         adds, for each lane, four weights, of 4 * LANES bytes at w, times four elements, two words at q
 *     dots_float(s)         the sums as floats
 */

NNC_INLINE nnc_v1 nnc_v1_load_bf16(const uint16_t *p) {
    uint32_t bits = (uint32_t)*p << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
NNC_INLINE nnc_v1 nnc_v1_load_i16(const int16_t *p) { return (float)*p; }
NNC_INLINE nnc_v1 nnc_v1_load_f16(const uint16_t *p) {
    int32_t bits = *p % 0x8000;
    float x = bits < 0x400 ? (float)bits * 5.9604644775390625e-08f : nnc_v1_of_bits(bits * 0x2000 + 0x38000000);
    return *p >= 0x8000 ? -x : x;
}

/* A row of an embedding: n codes, and the scale of the row or, of int8, of each 32 of them. */
NNC_FUNCTION void nnc_row_f16(float *y, size_t stride, const uint16_t *row, size_t n) {
    size_t i;
    for (i = 0; i < n; i++)
        y[i * stride] = nnc_v1_load_f16(row + i);
}
NNC_FUNCTION void nnc_row_bf16(float *y, size_t stride, const uint16_t *row, size_t n) {
    size_t i;
    for (i = 0; i < n; i++)
        y[i * stride] = nnc_v1_load_bf16(row + i);
}
NNC_FUNCTION void nnc_row_i16(float *y, size_t stride, const int16_t *row, size_t n, const float *scale) {
    size_t i;
    for (i = 0; i < n; i++)
        y[i * stride] = (float)row[i] * *scale;
}
NNC_FUNCTION void nnc_row_i8(float *y, size_t stride, const uint8_t *row, size_t n, const uint16_t *scales) {
    size_t i;
    for (i = 0; i < n; i++)
        y[i * stride] = (float)(row[i] - 128) * nnc_v1_load_bf16(scales + i / 32);
}

/* --- the vector beside int8 --- */

enum { NNC_QUANTISED_MOST = 32512 };

NNC_FUNCTION int32_t nnc_quantised_word(const float *q) {
    int32_t word;
    memcpy(&word, q, sizeof word);
    return word;
}
/* Sets the unit for a vector whose largest magnitude this is; gives how many of them 1.0f is, or 0 where there is none. */
NNC_FUNCTION float nnc_quantise_unit(float *q, float largest) {
    *q = largest - largest; /* 0, or a NaN */
    if (!(largest >= 1e-30f && largest <= 3.402823466e+38f))
        return 0.0f;
    *q = largest / (float)NNC_QUANTISED_MOST;
    return (float)NNC_QUANTISED_MOST / largest;
}
/* Up to 32 elements to the 17 words at q. planes: four elements are the upper bytes in a word, then the lower ones, both
 * signed; else they are two words of two, the first and the third in one of them. */
NNC_FUNCTION void nnc_quantise_block(float *q, const float *x, size_t n, float per_one, int planes) {
    unsigned char bytes[64] = {0};
    int32_t sum = 0;
    size_t i;
    for (i = 0; i < n; i++) {
        int32_t code = nnc_sub_i32(nnc_v1_bits(nnc_v1_nearest(x[i] * per_one) + NNC_ROUNDER), NNC_ROUNDER_BITS);
        unsigned char *at = bytes + i / 4 * 8;
        sum += code;
        if (planes) {
            int32_t low = (code + 32896) % 256 - 128; /* 32896 = 128 + 128 * 256 */
            at[i % 4] = (unsigned char)((code - low) / 256);
            at[4 + i % 4] = (unsigned char)low;
        } else {
            int16_t narrow = (int16_t)code;
            memcpy(at + i % 2 * 4 + i % 4 / 2 * 2, &narrow, sizeof narrow);
        }
    }
    sum *= -128;
    memcpy(q, &sum, sizeof sum);
    memcpy(q + 1, bytes, sizeof bytes);
}
NNC_FUNCTION void nnc_quantise_blocks(float *q, const float *x, size_t n, float largest, int planes) {
    float per_one = nnc_quantise_unit(q, largest);
    size_t k;
    for (k = 0; k < n; k += 32)
        nnc_quantise_block(q + 1 + k / 32 * 17, x + k, per_one == 0.0f ? 0 : n - k < 32 ? n - k : 32, per_one, planes);
}

/* --- one lane --- */

typedef int32_t nnc_v1_dots;
NNC_INLINE void nnc_v1_quantise(float *q, const float *x, size_t n) {
    float largest = 0.0f;
    size_t i;
    for (i = 0; i < n; i++)
        largest = nnc_maxf(largest, fabsf(x[i]));
    nnc_quantise_blocks(q, x, n, largest, 0);
}
NNC_INLINE nnc_v1_dots nnc_v1_dots_of(const float *q) { return nnc_quantised_word(q); }
NNC_INLINE nnc_v1 nnc_v1_dots_float(nnc_v1_dots s) { return (float)s; }
#if defined(__ARM_FEATURE_SIMD32) && defined(__GNUC__) && !defined(NNC_PLAIN_C)
NNC_INLINE nnc_v1_dots nnc_v1_dot4(nnc_v1_dots s, const uint8_t *w, const float *q) {
    uint32_t codes, even, odd;
    memcpy(&codes, w, sizeof codes);
    __asm__("uxtb16 %0, %1" : "=r"(even) : "r"(codes));
    __asm__("uxtb16 %0, %1, ror #8" : "=r"(odd) : "r"(codes));
    __asm__("smlad %0, %1, %2, %3" : "=r"(s) : "r"(even), "r"(nnc_quantised_word(q)), "r"(s));
    __asm__("smlad %0, %1, %2, %3" : "=r"(s) : "r"(odd), "r"(nnc_quantised_word(q + 1)), "r"(s));
    return s;
}
#else
NNC_INLINE nnc_v1_dots nnc_v1_dot4(nnc_v1_dots s, const uint8_t *w, const float *q) {
    int16_t x[4];
    memcpy(x, q, sizeof x);
    return s + (w[0] * x[0] + w[2] * x[1]) + (w[1] * x[2] + w[3] * x[3]);
}
#endif

/* --- four lanes --- */

#if defined(__SSE2__) && !defined(NNC_PLAIN_C) && defined(__GNUC__)
#define NNC_V4_HALVES_AS_WORDS(p) ((nnc_v4_words)_mm_unpacklo_epi16(_mm_loadl_epi64((const __m128i *)(const void *)(p)), _mm_setzero_si128()))
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
    int16x8_t x0 = vreinterpretq_s16_s32(vdupq_n_s32(nnc_quantised_word(q))), x1 = vreinterpretq_s16_s32(vdupq_n_s32(nnc_quantised_word(q + 1)));
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
