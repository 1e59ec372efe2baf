/* pickle_machine: the insides of the machine, for pickle.c and the two files under it; pickle.h is
 * for everybody else.
 *
 * Functions that may fail return false after `fail` has said why; the first reason stays.
 */
#ifndef NNC_WEIGHTS_PICKLE_MACHINE_H
#define NNC_WEIGHTS_PICKLE_MACHINE_H

#include "weights/pickle.h"

typedef struct {
    pickle_machine base;
    const unsigned char *bytes;
    size_t size, at, begin; /* begin: where this pickle does */
    uint64_t budget;        /* bytes of memory that it may still take */
    pickle_value *stack;
    size_t count, capacity;
    size_t *marks; /* how high the stack was at each MARK that is open */
    size_t mark_count, mark_capacity;
    pickle_value *memo;
    size_t memo_count; /* a place that was never put is PICKLE_MISSING */
    size_t memo_used;  /* how many were */
    const char *problem;
} machine;

#define fail(m, ...) (machine_fail((m), __VA_ARGS__), false)
void machine_fail(machine *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool machine_spend(machine *m, uint64_t bytes);

/* --- what stands in the pickle --- */

bool machine_take(machine *m, uint64_t count, const unsigned char **bytes);
bool machine_take_number(machine *m, unsigned bytes, uint64_t *number); /* little-endian */
bool machine_take_line(machine *m, pickle_text *line); /* up to the line's end, without it */

/* --- the stack and the memo --- */

bool machine_push(machine *m, pickle_value v);
bool machine_pop(machine *m, pickle_value *v);
pickle_value *machine_top(machine *m); /* the value that stays; NULL after failing */
bool machine_mark(machine *m);
/* Drops one value, or a MARK on which nothing stands. */
bool machine_drop(machine *m);
/* The values since the last MARK, which is gone then; they stand above the stack until something is
 * pushed. */
bool machine_take_marked(machine *m, const pickle_value **items, size_t *count);
bool machine_put(machine *m, uint64_t place);
bool machine_get(machine *m, uint64_t place);

/* --- plain values out of the pickle --- */

bool machine_push_text(machine *m, pickle_kind kind, const char *bytes, size_t length);
bool machine_push_counted(machine *m, pickle_kind kind, unsigned bytes_of_length);
bool machine_push_integer(machine *m, int64_t integer);
bool machine_push_bool(machine *m, bool boolean);
bool machine_push_decimal(machine *m, pickle_text line,
                          bool is_long);                      /* INT and LONG of protocol 0 */
bool machine_push_long(machine *m, unsigned bytes_of_length); /* LONG1, LONG4 */
bool machine_push_real(machine *m);
bool machine_push_real_line(machine *m);
bool machine_push_unicode_line(
    machine *m); /* UNICODE: Latin-1 with \uXXXX and \UXXXXXXXX, as UTF-8 */
bool machine_push_string_line(
    machine *m); /* STRING: a string as Python 2 would show it, in quotes, with escapes */

#endif
