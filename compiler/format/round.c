/* round: see round.h. */
#include "format/round.h"

#include <float.h>
#include <math.h>
#include <string.h>

static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static float largest_of(const float *row, int64_t terms) {
    float m = 0;
    for (int64_t k = 0; k < terms; k++) m = fmaxf(m, fabsf(row[k]));
    return m;
}

/* --- integers --- */

static float scale_of(double m, weight_format f) {
    double scale = m / (f == FORMAT_INT8 ? FORMAT_LARGEST_INT8 : FORMAT_LARGEST_INT16);
    if (m == 0) return 0;
    if (scale < (double)FLT_MIN) return FLT_MIN;
    if (f == FORMAT_INT16) return (float)scale;
    uint32_t bits = bits_of((float)scale);
    if ((double)float_of(bits & 0xFFFF0000) < scale) bits += 0x10000; /* up, so that no code is above 127 */
    return float_of(bits & 0xFFFF0000);
}

static int32_t code_of(float w, float scale, int32_t largest) {
    if (scale == 0) return 0;
    double code = nearbyint((double)w / (double)scale);
    return (int32_t)fmax(-largest, fmin(largest, code));
}

static void round_integers(const float *row, int64_t terms, weight_format f, int32_t *codes, float *scale) {
    *scale = scale_of((double)largest_of(row, terms), f);
    int32_t largest = f == FORMAT_INT8 ? FORMAT_LARGEST_INT8 : FORMAT_LARGEST_INT16;
    for (int64_t k = 0; k < terms; k++) codes[k] = code_of(row[k], *scale, largest);
}

/* --- 16 bits that the file has --- */

/* Of a float that a half is, and finite. */
static int32_t half_of(float w) {
    uint32_t bits = bits_of(w), sign = bits >> 16 & 0x8000;
    float magnitude = fabsf(w);
    if (magnitude < 0x1p-14f) return (int32_t)(sign | (uint32_t)(magnitude * 0x1p24f));
    return (int32_t)(sign | ((bits & 0x7FFFFFFF) - (112u << 23)) >> 13);
}

static double value_of_half(uint32_t half) {
    uint32_t exponent = half >> 10 & 0x1F;
    double fraction = half & 0x3FF;
    double magnitude = exponent ? ldexp(1024 + fraction, (int)exponent - 25) : ldexp(fraction, -24);
    return half & 0x8000 ? -magnitude : magnitude;
}

/* --- rows --- */

void round_row(weight_format f, const float *row, int64_t terms, int32_t *codes, float *scales) {
    switch (f) {
    case FORMAT_FLOAT16:
        for (int64_t k = 0; k < terms; k++) codes[k] = half_of(row[k]);
        return;
    case FORMAT_BFLOAT16:
        for (int64_t k = 0; k < terms; k++) codes[k] = (int32_t)(bits_of(row[k]) >> 16);
        return;
    case FORMAT_INT16: round_integers(row, terms, f, codes, scales); return;
    case FORMAT_INT8:
        for (int64_t k = 0; k < terms; k += FORMAT_BLOCK) {
            int64_t left = terms - k;
            round_integers(row + k, left < FORMAT_BLOCK ? left : FORMAT_BLOCK, f, codes + k, scales++);
        }
        return;
    case FORMAT_FLOAT32:
    case FORMATS: break;
    }
    ice("weights of format %d are not rounded", (int)f);
}

double round_back(weight_format f, const int32_t *codes, const float *scales, int64_t k) {
    switch (f) {
    case FORMAT_FLOAT16: return value_of_half((uint32_t)codes[k]);
    case FORMAT_BFLOAT16: return (double)float_of((uint32_t)codes[k] << 16);
    case FORMAT_INT16: return codes[k] * (double)scales[0];
    case FORMAT_INT8: return codes[k] * (double)scales[k / FORMAT_BLOCK];
    case FORMAT_FLOAT32:
    case FORMATS: break;
    }
    ice("weights of format %d have no codes", (int)f);
}

void round_row_back(arena *a, weight_format f, const float *row, int64_t terms, double *to) {
    if (f == FORMAT_FLOAT32) {
        for (int64_t k = 0; k < terms; k++) to[k] = (double)row[k];
        return;
    }
    int32_t *codes = ARENA_ARRAY(a, int32_t, (size_t)terms);
    float *scales = ARENA_ARRAY(a, float, (size_t)format_scales(f, terms));
    round_row(f, row, terms, codes, scales);
    for (int64_t k = 0; k < terms; k++) to[k] = round_back(f, codes, scales, k);
}

/* --- quality --- */

static double decibels(double signal, double noise) {
    return noise > 0 ? 10 * log10(signal / noise) : (double)INFINITY;
}

round_quality round_measure(arena *a, weight_format f, const ir_param *p) {
    int64_t rows = format_param_rows(p), terms = format_param_terms(p);
    double signal = 0, noise = 0, *back = ARENA_ARRAY(a, double, (size_t)terms);
    round_quality q = {.worst_decibels = (double)INFINITY};
    for (int64_t r = 0; r < rows; r++) {
        const float *row = p->data + r * terms;
        double of_row = 0, lost = 0;
        round_row_back(a, f, row, terms, back);
        for (int64_t k = 0; k < terms; k++) {
            double w = (double)row[k];
            of_row += w * w;
            lost += (back[k] - w) * (back[k] - w);
        }
        signal += of_row;
        noise += lost;
        if (decibels(of_row, lost) >= q.worst_decibels) continue;
        q.worst_decibels = decibels(of_row, lost);
        q.worst_row = r;
        q.largest = (double)largest_of(row, terms);
        q.rms = sqrt(of_row / (double)terms);
    }
    q.decibels = decibels(signal, noise);
    return q;
}
