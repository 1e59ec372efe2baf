/* error_stats: how far numbers are from what they should be.
 *
 * An error is |got - want| / (1 + |want|): absolute for small numbers, relative for large ones. A
 * NaN is right where a NaN is wanted, an infinity where that one is; else the error is infinite.
 * What float32 cannot hold is an infinity.
 */
#ifndef NNC_COMMANDS_ERROR_STATS_H
#define NNC_COMMANDS_ERROR_STATS_H

#include <stddef.h>
#include <stdint.h>

enum { QUARTERS = 4 };

typedef struct {
    double largest, square_sum;
    uint64_t count;
    double ulp; /* at the largest error: in units of the last place of the wanted float32 */
    size_t run, index;
    double got, want;
    double quarters[QUARTERS]; /* the largest in each quarter of the runs */
} error_stats;

double error_largest(const double *got, const double *want, size_t elements);
/* One run's elements; it is one of `runs`. */
void error_add(error_stats *s, const double *got, const double *want, size_t elements, size_t run,
               size_t runs);
double error_rms(const error_stats *s);

#endif
