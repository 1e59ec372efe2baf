/* ir_scan: words, strings and numbers of an IR text; for ir_read.c only.
 *
 * Blanks before anything are skipped; a line's end is not a blank. Functions that need something call scan_fail when
 * it is not there; the first failure is kept, with its line.
 */
#ifndef NNC_IR_IR_SCAN_H
#define NNC_IR_IR_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/ir.h"
#include "support/arena.h"

typedef struct {
    arena *arena;
    const char *at, *end; /* the text need not be 0-terminated */
    size_t line;
    const char *error;    /* "line 3: …", or NULL */
} scanner;

bool scan_fail(scanner *s, const char *message); /* always false */
void scan_blanks(scanner *s);
bool scan_next_is(scanner *s, char c);
bool scan_accept(scanner *s, const char *word); /* steps over these characters if they are next */
bool scan_want(scanner *s, const char *word);   /* fails if they are not */
bool scan_end_of_line(scanner *s);              /* steps over it; the text's end is one too */

const char *scan_word(scanner *s, bool dots); /* letters, digits, _ and maybe dots; NULL when there is none */
const char *scan_quoted(scanner *s);          /* "…" with the escapes that ir_print.c writes; NULL after failing */
const char *scan_name(scanner *s);            /* a word with dots or a quoted string; NULL after failing */
bool scan_integer(scanner *s, int64_t low, int64_t high, int64_t *value);
bool scan_unsigned(scanner *s, unsigned most, unsigned *value);
bool scan_number(scanner *s, double *value);  /* a double as printf writes it, inf and nan too */
/* A name of IR_WEIGHTS_LIST. */
bool scan_weights(scanner *s, ir_weights *weights);

/* Values of attributes, as ir_print.c writes them; what they are read into is zero before. */
bool scan_axes(scanner *s, unsigned *axes);
bool scan_perm(scanner *s, unsigned *perm, unsigned count);
bool scan_values(scanner *s, ir_values *values);
bool scan_activation(scanner *s, ir_activation *activation);
bool scan_cell(scanner *s, ir_cell *cell);
bool scan_pad_mode(scanner *s, ir_pad_mode *mode);

#endif
