/* pack: the arithmetic of panels, and filling them. */
#include "plan/pack.h"

#include <math.h>

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

static int64_t panel_floats(const pack *p, int64_t panel) {
    return pack_bias_floats(p, panel) + p->terms * pack_row(p, panel);
}

/* All panels before the last are full. */
int64_t pack_offset(const pack *p, int64_t panel) { return panel * panel_floats(p, 0); }

int64_t pack_matrix(const pack *p) {
    int64_t last = pack_panels(p) - 1;
    return pack_offset(p, last) + panel_floats(p, last) + p->tail;
}

int64_t pack_elements(const pack *p) { return p->matrices * pack_matrix(p); }

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

bool pack_finite(const pack *p) {
    for (int64_t m = 0; m < p->matrices; m++)
        for (unsigned g = 0; g < p->gates; g++)
            for (int64_t u = 0; u < p->units; u++) {
                if (g >= p->bias_from && !isfinite(bias_of(p, m, g, u))) return false;
                for (int64_t k = 0; k < p->terms; k++)
                    if (!isfinite(weight_of(p, m, g, u, k))) return false;
            }
    return true;
}

/* One panel of one matrix; gives where the next begins. */
static float *fill_panel(const pack *p, int64_t matrix, int64_t panel, float *values) {
    int64_t width = pack_width(p, panel), units = pack_units(p, panel), first = panel * p->panel;
    for (unsigned g = p->bias_from; g < p->gates; g++)
        for (int64_t u = 0; u < width; u++) *values++ = u < units ? bias_of(p, matrix, g, first + u) : 0;
    for (int64_t k = 0; k < p->terms; k++)
        for (unsigned g = 0; g < p->gates; g++)
            for (int64_t u = 0; u < width; u++)
                *values++ = u < units ? weight_of(p, matrix, g, first + u, k) : 0;
    return values;
}

void pack_fill(void *context, float *values) {
    const pack *p = context;
    for (int64_t m = 0; m < p->matrices; m++) {
        for (int64_t panel = 0; panel < pack_panels(p); panel++) values = fill_panel(p, m, panel, values);
        for (int64_t i = 0; i < p->tail; i++) *values++ = 0;
    }
}
