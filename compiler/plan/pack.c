/* pack: the arithmetic of panels, and filling them. */
#include "plan/pack.h"

#include "format/round.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int64_t pack_panels(const pack *p) { return (p->units + p->panel - 1) / p->panel; }

int64_t pack_units(const pack *p, int64_t panel) {
    int64_t left = p->units - panel * p->panel;
    return left < p->panel ? left : p->panel;
}

int64_t pack_width(const pack *p, int64_t panel) {
    return (pack_units(p, panel) + p->padding - 1) / p->padding * p->padding;
}

int64_t pack_row(const pack *p, int64_t panel) { return p->gates * pack_width(p, panel); }

int64_t pack_bias_floats(const pack *p, int64_t panel) { return (p->gates - p->bias_from) * pack_width(p, panel); }

static int64_t panel_elements(const pack *p, int64_t panel, pack_part part) {
    switch (part) {
    case PACK_FLOATS: return (p->apart ? 0 : pack_bias_floats(p, panel)) + p->terms * pack_row(p, panel);
    case PACK_CODES: return format_terms(p->format, p->terms) * pack_row(p, panel);
    case PACK_SCALES: return format_scales(p->format, p->terms) * pack_row(p, panel);
    case PACK_BIASES: return pack_bias_floats(p, panel);
    }
    ice("no part %d of a pack", (int)part);
}

int64_t pack_place_of(const pack *p, int64_t i) {
    int64_t row = i / p->terms, unit = row % p->units, panel = unit / p->panel;
    unsigned group = 0;
    while (p->gate[group] != row / p->units) group++;
    return pack_offset(p, panel, PACK_FLOATS) + i % p->terms * pack_row(p, panel) + group * pack_width(p, panel) +
           unit - panel * p->panel;
}

pack_part pack_part_of_biases(const pack *p) {
    return p->format == FORMAT_FLOAT32 && !p->apart ? PACK_FLOATS : PACK_BIASES;
}

static bool has_part(const pack *p, pack_part part) {
    if (panel_elements(p, 0, part) == 0) return false;
    if (part == PACK_BIASES) return pack_part_of_biases(p) == PACK_BIASES;
    return (p->format == FORMAT_FLOAT32) == (part == PACK_FLOATS);
}

/* All panels before the last are full. */
int64_t pack_offset(const pack *p, int64_t panel, pack_part part) { return panel * panel_elements(p, 0, part); }

static int64_t tail_of(const pack *p, pack_part part) {
    return part == PACK_CODES ? p->tail * format_row_of(p->format)->side : p->tail;
}

int64_t pack_matrix(const pack *p, pack_part part) {
    int64_t last = pack_panels(p) - 1;
    if (!has_part(p, part)) return 0;
    return pack_offset(p, last, part) + panel_elements(p, last, part) + tail_of(p, part);
}

int64_t pack_elements(const pack *p, pack_part part) { return p->matrices * pack_matrix(p, part); }

const char *pack_order(arena *a, const pack *p, const char *unit) {
    int64_t panel = smaller(p->panel, p->units);
    return panel > 1 ? arena_printf(a, "in panels of %lld %ss", (long long)panel, unit)
                     : arena_printf(a, "%s by %s", unit, unit);
}

bool pack_lives(const pack *p) {
    return pack_param_lives(p->weight) || pack_param_lives(p->bias) || pack_param_lives(p->second_bias);
}

bool pack_same_order(const pack *a, const pack *b) {
    if (a->units != b->units || a->terms != b->terms || a->panel != b->panel || a->matrices != b->matrices ||
        a->gates != b->gates || a->padding != b->padding)
        return false;
    for (unsigned g = 0; g < a->gates; g++)
        if (a->gate[g] != b->gate[g] || a->scale[g] < b->scale[g] || a->scale[g] > b->scale[g]) return false;
    return true;
}

/* One gate of several, like W_hn alone, begins amid the param. */
bool pack_is_row_major(const pack *p) { return p->panel == 1 && p->gates == 1 && p->gate[0] == 0; }

int64_t pack_quantised(const pack *p) {
    return p->format == FORMAT_INT8 ? 1 + FORMAT_QUANTISED * format_scales(p->format, p->terms) : 0;
}

static const float *values_of(const ir_param *p) {
    if (!p->data) ice("param %s has no data", p->key);
    return p->data;
}

/* The row of the matrix, or matrices, that a unit of a column group is. */
static int64_t row_of(const pack *p, int64_t matrix, unsigned group, int64_t unit) {
    return (matrix * p->gates + p->gate[group]) * p->units + unit;
}

static float bias_of(const pack *p, int64_t matrix, unsigned group, int64_t unit) {
    int64_t row = row_of(p, matrix, group, unit);
    double sum = p->bias ? (double)values_of(p->bias)[row] : 0;
    if (p->second_bias && !p->first_bias_only[group]) sum += (double)values_of(p->second_bias)[row];
    return (float)sum * p->scale[group];
}

static float weight_of(const pack *p, int64_t matrix, unsigned group, int64_t unit, int64_t term) {
    return values_of(p->weight)[row_of(p, matrix, group, unit) * p->terms + term] * p->scale[group];
}

bool pack_finite(const pack *p, pack_part part) {
    bool biases = part == PACK_BIASES || pack_part_of_biases(p) == part, matrix = part != PACK_BIASES;
    for (int64_t m = 0; m < p->matrices; m++)
        for (unsigned g = 0; g < p->gates; g++)
            for (int64_t u = 0; u < p->units; u++) {
                if (biases && g >= p->bias_from && !isfinite(bias_of(p, m, g, u))) return false;
                for (int64_t k = 0; k < p->terms && matrix; k++)
                    if (!isfinite(weight_of(p, m, g, u, k))) return false;
            }
    return true;
}

/* --- filling --- */

/* Writes one panel of one matrix; gives the first byte behind it. */
typedef char *panel_filler(const pack *p, int64_t matrix, int64_t panel, char *to);

static void fill(const pack *p, pack_part part, size_t bytes, int tail, panel_filler *filler, void *values) {
    char *to = values;
    size_t rest = (size_t)tail_of(p, part) * bytes;
    for (int64_t m = 0; m < p->matrices; m++) {
        for (int64_t panel = 0; panel < pack_panels(p); panel++) to = filler(p, m, panel, to);
        memset(to, tail, rest);
        to += rest;
    }
}

static char *fill_bias_row(const pack *p, int64_t matrix, int64_t panel, char *to) {
    int64_t width = pack_width(p, panel), units = pack_units(p, panel), first = panel * p->panel;
    float *values = (float *)(void *)to;
    for (unsigned g = p->bias_from; g < p->gates; g++)
        for (int64_t u = 0; u < width; u++) *values++ = u < units ? bias_of(p, matrix, g, first + u) : 0;
    return (char *)values;
}

static char *fill_floats(const pack *p, int64_t matrix, int64_t panel, char *to) {
    int64_t width = pack_width(p, panel), units = pack_units(p, panel), first = panel * p->panel;
    float *values = (float *)(void *)(p->apart ? to : fill_bias_row(p, matrix, panel, to));
    for (int64_t k = 0; k < p->terms; k++)
        for (unsigned g = 0; g < p->gates; g++)
            for (int64_t u = 0; u < width; u++)
                *values++ = u < units ? weight_of(p, matrix, g, first + u, k) : 0;
    return (char *)values;
}

/* The codes and scales of the rows of one panel. */
typedef struct {
    int32_t *codes; /* [gates * width][terms of packed rows] */
    float *scales;  /* [gates * width][scales of a row] */
    int64_t terms, row_scales;
} rounded_panel;

static rounded_panel round_panel(const pack *p, int64_t matrix, int64_t panel) {
    int64_t width = pack_width(p, panel), units = pack_units(p, panel), rows = pack_row(p, panel);
    rounded_panel r = {.terms = format_terms(p->format, p->terms), .row_scales = format_scales(p->format, p->terms)};
    r.codes = memory_new((size_t)(rows * r.terms), sizeof *r.codes);
    r.scales = memory_new((size_t)(rows * r.row_scales), sizeof *r.scales);
    for (unsigned g = 0; g < p->gates; g++)
        for (int64_t u = 0; u < units; u++) {
            int64_t row = row_of(p, matrix, g, panel * p->panel + u), to = g * width + u;
            round_row(p->format, values_of(p->weight) + row * p->terms, p->terms, r.codes + to * r.terms,
                      r.scales + to * r.row_scales);
        }
    return r;
}

static char *fill_codes(const pack *p, int64_t matrix, int64_t panel, char *to) {
    rounded_panel r = round_panel(p, matrix, panel);
    int64_t rows = pack_row(p, panel), side = format_row_of(p->format)->side;
    for (int64_t k = 0; k < r.terms; k += side)
        for (int64_t row = 0; row < rows; row++)
            for (int64_t i = 0; i < side; i++) {
                int32_t code = r.codes[row * r.terms + k + i];
                uint16_t half = (uint16_t)code;
                if (p->format == FORMAT_INT8) *to++ = (char)(unsigned char)(code + 128);
                else memcpy(to, &half, sizeof half), to += sizeof half;
            }
    free(r.codes);
    free(r.scales);
    return to;
}

static char *fill_scales(const pack *p, int64_t matrix, int64_t panel, char *to) {
    rounded_panel r = round_panel(p, matrix, panel);
    for (int64_t s = 0; s < r.row_scales; s++)
        for (int64_t row = 0; row < pack_row(p, panel); row++) {
            float scale = r.scales[row * r.row_scales + s];
            uint32_t bits;
            memcpy(&bits, &scale, sizeof bits);
            uint16_t upper = (uint16_t)(bits >> 16);
            if (p->format == FORMAT_INT8) memcpy(to, &upper, sizeof upper), to += sizeof upper;
            else memcpy(to, &scale, sizeof scale), to += sizeof scale;
        }
    free(r.codes);
    free(r.scales);
    return to;
}

void pack_fill_floats(void *context, float *values) {
    fill(context, PACK_FLOATS, sizeof(float), 0, fill_floats, values);
}

void pack_fill_codes(void *context, float *values) {
    const pack *p = context;
    fill(p, PACK_CODES, format_row_of(p->format)->bytes, p->format == FORMAT_INT8 ? 128 : 0, fill_codes, values);
}

void pack_fill_scales(void *context, float *values) {
    const pack *p = context;
    fill(p, PACK_SCALES, p->format == FORMAT_INT8 ? 2 : 4, 0, fill_scales, values);
}

void pack_fill_biases(void *context, float *values) {
    fill(context, PACK_BIASES, sizeof(float), 0, fill_bias_row, values);
}
