/* pack: the arithmetic of panels, and filling them. */
#include "emit/pack.h"

#include <math.h>

int64_t pack_panels(const pack *p) { return (p->units + p->panel - 1) / p->panel; }

int64_t pack_units(const pack *p, int64_t panel) {
    int64_t left = p->units - panel * p->panel;
    return left < p->panel ? left : p->panel;
}

int64_t pack_width(const pack *p, int64_t panel) {
    return (pack_units(p, panel) + COST_PADDING - 1) / COST_PADDING * COST_PADDING;
}

int64_t pack_row(const pack *p, int64_t panel) { return p->gates * pack_width(p, panel); }

int64_t pack_bias_floats(const pack *p, int64_t panel) { return (p->gates - p->bias_from) * pack_width(p, panel); }

static int64_t panel_floats(const pack *p, int64_t panel) {
    return pack_bias_floats(p, panel) + p->terms * pack_row(p, panel);
}

/* All panels before the last are full. */
int64_t pack_offset(const pack *p, int64_t panel) { return panel * panel_floats(p, 0); }

int64_t pack_elements(const pack *p) {
    int64_t last = pack_panels(p) - 1;
    return pack_offset(p, last) + panel_floats(p, last) + p->tail;
}

static float bias_of(const pack *p, unsigned group, int64_t unit) {
    int64_t row = p->gate[group] * p->units + unit;
    double sum = p->bias ? (double)p->bias[row] : 0;
    if (p->second_bias && !p->first_bias_only[group]) sum += (double)p->second_bias[row];
    return (float)sum * p->scale[group];
}

static float weight_of(const pack *p, unsigned group, int64_t unit, int64_t term) {
    return p->weight[(p->gate[group] * p->units + unit) * p->terms + term] * p->scale[group];
}

bool pack_finite(const pack *p) {
    for (unsigned g = 0; g < p->gates; g++)
        for (int64_t u = 0; u < p->units; u++) {
            if (g >= p->bias_from && !isfinite(bias_of(p, g, u))) return false;
            for (int64_t k = 0; k < p->terms; k++)
                if (!isfinite(weight_of(p, g, u, k))) return false;
        }
    return true;
}

void pack_fill(void *context, float *values) {
    const pack *p = context;
    for (int64_t panel = 0; panel < pack_panels(p); panel++) {
        int64_t width = pack_width(p, panel), units = pack_units(p, panel), first = panel * p->panel;
        for (unsigned g = p->bias_from; g < p->gates; g++)
            for (int64_t u = 0; u < width; u++) *values++ = u < units ? bias_of(p, g, first + u) : 0;
        for (int64_t k = 0; k < p->terms; k++)
            for (unsigned g = 0; g < p->gates; g++)
                for (int64_t u = 0; u < width; u++) *values++ = u < units ? weight_of(p, g, first + u, k) : 0;
    }
    for (int64_t i = 0; i < p->tail; i++) *values++ = 0;
}
