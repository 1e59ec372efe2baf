/* error_stats: see error_stats.h. */
#include "commands/error_stats.h"

#include <math.h>

#include "weights/element.h"

static double error_of(double got, double want) {
    if (isnan(got) || isnan(want)) return isnan(got) && isnan(want) ? 0 : INFINITY;
    double narrow = (double)float32_of_double(want);
    if (isinf(got) || isinf(narrow)) return got == narrow ? 0 : INFINITY;
    return fabs(got - want) / (1 + fabs(want));
}

double error_largest(const double *got, const double *want, size_t elements) {
    double largest = 0;
    for (size_t i = 0; i < elements; i++) largest = fmax(largest, error_of(got[i], want[i]));
    return largest;
}

static double ulp_of(double got, double want) {
    float size = fabsf(float32_of_double(want));
    if (!isfinite(size) || !isfinite(got)) return got == want ? 0 : INFINITY;
    return fabs(got - want) / ((double)nextafterf(size, INFINITY) - (double)size);
}

void error_add(error_stats *s, const double *got, const double *want, size_t elements, size_t run,
               size_t runs) {
    double *quarter = &s->quarters[run * QUARTERS / runs];
    for (size_t i = 0; i < elements; i++) {
        double error = error_of(got[i], want[i]);
        s->square_sum += error * error;
        if (error > *quarter) *quarter = error;
        if (s->count++ && error <= s->largest) continue;
        s->largest = error;
        s->ulp = error > 0 ? ulp_of(got[i], want[i]) : 0;
        s->run = run;
        s->index = i;
        s->got = got[i];
        s->want = want[i];
    }
}

double error_rms(const error_stats *s) {
    return s->count ? sqrt(s->square_sum / (double)s->count) : 0;
}
