/* nnc narrow: begin */
#if !defined(NNC_HAS_NARROW)
#define NNC_HAS_NARROW
/* ---- Weights in 16 and in 8 bits ------------------------------------------------------------------------------------
 * load_f16(p), load_bf16(p), load_i16(p)   a vector of floats: of halves, of bfloat16 (the upper half of a float), of
 *                       integers
 * codes_scaled(y, s, p) y + the sums of products with integers times their scales, floats at p; on wide vectors alone
 *
 * int8: a row of weights is -128 + the bytes that are stored, times a scale for each 32 of them. The vector that it is
 * multiplied with is rounded too, to 16 bits, once for all rows; sums of 32 products are integers, and exact.
 *
 *     quantise(q, x, n)     x[n] as integers: x[i] is q's first float times an integer of at most 32512, to within half
 *                           of that float. q has room for 1 + 17 * ((n + 31) / 32) floats: behind the first one, for
 *                           each 32 elements, a word that sums start from, and 16 words with the elements, four in two
 *                           words. If an element is infinite or a NaN, the first float is a NaN; below 1e-30 all are 0.
 *     dots_of(q)            sums that start from the word at q, and take from it all that the bytes have too much
 *     dot4(s, w, q)         adds, for each lane, four weights, of 4 * LANES bytes at w, times four elements, two words
 *                           at q
 *     dots_scaled(y, s, p)  y + the sums times their scales, bfloat16 at p
 *     dots_units(y, s, q)   y + s, the sum of what dots_scaled gives, times the unit at q
 *
 * On wide vectors the last two, dots_of and codes_scaled are where compilers have to have done what stands before:
 * they would load the elements of all blocks, and end sums, where it suits them, and keep up to 2.8 KiB of that on the
 * stack.
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
NNC_FUNCTION void nnc_row_f16(float *y, size_t stride, const uint16_t *row, size_t step, size_t n) {
    size_t i;
    for (i = 0; i < n; i++)
        y[i * stride] = nnc_v1_load_f16(row + i * step);
}
NNC_FUNCTION void nnc_row_bf16(float *y, size_t stride, const uint16_t *row, size_t step, size_t n) {
    size_t i;
    for (i = 0; i < n; i++)
        y[i * stride] = nnc_v1_load_bf16(row + i * step);
}
NNC_FUNCTION void nnc_row_i16(float *y, size_t stride, const int16_t *row, size_t step, size_t n, const float *scale) {
    size_t i;
    for (i = 0; i < n; i++)
        y[i * stride] = (float)row[i * step] * *scale;
}
NNC_FUNCTION void nnc_row_i8(float *y, size_t stride, const uint8_t *row, size_t step, size_t n, const uint16_t *scales,
                             size_t scales_step) {
    size_t i;
    for (i = 0; i < n; i++)
        y[i * stride] = (float)(row[i / 4 * step + i % 4] - 128) * nnc_v1_load_bf16(scales + i / 32 * scales_step);
}

/* --- the vector beside int8 --- */

enum { NNC_QUANTISED_MOST = 32512 };

NNC_FUNCTION int32_t nnc_quantised_word(const float *q) {
    int32_t word;
    memcpy(&word, q, sizeof word);
    return word;
}
/* Sets the unit for a vector whose largest magnitude this is; gives how many of them 1.0f is: 0 where there is none. */
NNC_FUNCTION float nnc_quantise_unit(float *q, float largest) {
    *q = largest - largest; /* 0, or a NaN */
    if (!(largest >= 1e-30f && largest <= 3.402823466e+38f))
        return 0.0f;
    *q = largest / (float)NNC_QUANTISED_MOST;
    return (float)NNC_QUANTISED_MOST / largest;
}
/* Up to 32 elements to the 17 words at q. planes: four elements are the upper bytes in a word, then the lower ones,
 * both signed; else they are two words of two, the first and the third in one of them. */
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
NNC_INLINE nnc_v1 nnc_v1_dots_scaled(nnc_v1 y, nnc_v1_dots s, const uint16_t *scales) {
    return nnc_v1_madd((float)s, nnc_v1_load_bf16(scales), y);
}
NNC_INLINE nnc_v1 nnc_v1_dots_units(nnc_v1 y, nnc_v1 s, const float *q) { return nnc_v1_madd(s, *q, y); }
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
#endif
/* nnc vector4: begin */
#if !defined(NNC_HAS_V4_NARROW)
#define NNC_HAS_V4_NARROW
#include "narrow4.h"
#endif
/* nnc vector4: end */
/* nnc wide: begin */
#if defined(NNC_WIDE_LAYERS) && !defined(NNC_HAS_WIDE_NARROW)
#define NNC_HAS_WIDE_NARROW
#include "narrow_wide.h"
#endif
/* nnc wide: end */
/* nnc narrow: end */
