/* ctree: a small C syntax tree, and nothing about tensors. Kernels are built as trees; cprint.c turns a unit into
 * text.
 *
 * Nodes live in the unit's arena and may be shared (an expression may stand in several places). Builders fold what a
 * person would not write: x * 1, x + 0, 0 * x on integers, and constants of integers; they never fold floats.
 * Integer literals are plain ("16"); kernels index with size_t.
 */
#ifndef NNC_CTREE_CTREE_H
#define NNC_CTREE_CTREE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "support/diag.h"
#include "support/name_set.h"
#include "support/text.h"

typedef struct cexpr cexpr;
typedef struct cblock cblock;
typedef struct cfunction cfunction;
typedef struct cunit cunit;

cunit *cunit_new(arena *a);

/* --- expressions ------------------------------------------------------------------------------------------------ */
cexpr *c_name(cunit *u, const char *name); /* copied */
cexpr *c_namef(cunit *u, const char *format, ...) __attribute__((format(printf, 2, 3)));
cexpr *c_int(cunit *u, int64_t value);
cexpr *c_float(cunit *u, float value);           /* 0.5f; infinities and NaN become INFINITY, -INFINITY, NAN */
cexpr *c_double(cunit *u, double value);         /* 0.5 */
/* op is C's own: "+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "&&", "||". Parentheses come by precedence.
 */
cexpr *c_binary(cunit *u, const char *op, cexpr *left, cexpr *right);
cexpr *c_add(cunit *u, cexpr *a, cexpr *b);      /* short forms of c_binary */
cexpr *c_sub(cunit *u, cexpr *a, cexpr *b);
cexpr *c_mul(cunit *u, cexpr *a, cexpr *b);
cexpr *c_unary(cunit *u, const char *op, cexpr *operand);            /* "-", "!", "&", "*" */
cexpr *c_at(cunit *u, const char *array, cexpr *index);              /* array + index */
cexpr *c_item(cunit *u, const char *array, cexpr *index);            /* array[index] */
cexpr *c_element(cunit *u, cexpr *address);     /* what is at the address a + i: a[i] */
cexpr *c_index(cunit *u, cexpr *array, cexpr *index);                /* array[index] */
cexpr *c_member(cunit *u, cexpr *object, const char *member, bool arrow);
cexpr *c_cast(cunit *u, const char *type, cexpr *operand);
cexpr *c_conditional(cunit *u, cexpr *test, cexpr *yes, cexpr *no);
cexpr *c_smaller(cunit *u, cexpr *a, cexpr *b);  /* a < b ? a : b */
cexpr *c_call(cunit *u, const char *function, unsigned count, ...);  /* count arguments of type cexpr * */
cexpr *c_call_list(cunit *u, const char *function, unsigned count, cexpr *const *arguments);
bool c_is_int(const cexpr *e, int64_t *value);                       /* an integer literal */
const char *c_text(const cexpr *name);                               /* the text of a c_name */

/* --- statements: each function appends to a block ----------------------------------------------------------------- */
void c_declare(cblock *b, const char *type, const char *name, cexpr *value); /* TYPE NAME = value; value may be NULL */
void c_declare_array(cblock *b, const char *type, const char *name, int64_t elements);  /* TYPE NAME[n]; */
void c_assign(cblock *b, cexpr *target, const char *op, cexpr *value);                  /* op: "=", "+=", "*=", … */
void c_do(cblock *b, cexpr *expression);                                                /* expression; */
void c_return(cblock *b, cexpr *value);                                                 /* value may be NULL */
void c_break(cblock *b);                                                                /* break; */
void c_comment(cblock *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void c_blank(cblock *b);
void c_line(cblock *b, const char *format, ...) __attribute__((format(printf, 2, 3))); /* at the margin: #if, #endif */
/* for (size_t NAME = from; NAME < to; NAME += step) { … }: gives the body. step 1 prints ++. */
cblock *c_for(cblock *b, const char *name, cexpr *from, cexpr *to, int64_t step);
/* for (size_t NAME = from; NAME-- > 0;) { … }: from - 1 down to 0. */
cblock *c_for_down(cblock *b, const char *name, cexpr *from);
cblock *c_if(cblock *b, cexpr *test);            /* gives the body */
cblock *c_else(cblock *b); /* b's last statement must be an if without else; gives the else body */
cblock *c_scope(cblock *b);                      /* { … } */

/* --- top level, in the order of the calls ------------------------------------------------------------------------- */
void c_top_line(cunit *u, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* #include, #define, extern "C" { */
void c_top_blank(cunit *u); /* none behind what ends with one, as a function does */
/* storage and type as written: "static void", "nnc_status"; name may be NULL if it ends shared. A comment may stand
 * above (NULL: none). The function is printed where c_function_end is called: tables, constants and helpers that are
 * added while it is being built stand above it. Parameters that the body does not use are cast to void at its
 * beginning. */
cfunction *c_function(cunit *u, const char *storage_and_type, const char *name, const char *comment);
void c_function_end(cfunction *f);
void c_parameter(cfunction *f, const char *type, const char *name);  /* type "const float *" joins without a space */
cblock *c_body(cfunction *f);
/* Instead of c_function_end, for a function without a name that others may be like: if one of the unit that ended so
 * has the same type, parameters and body, f is dropped, and its name given. Else NULL: f is in its place and wants a
 * name. */
const char *c_function_end_shared(cfunction *f);
void c_function_name(cfunction *f, const char *name);
/* The parameters of a function and what a call of it passes for them, as one list that cannot disagree: whoever knows
 * the list walks it with c_pass for the function, and once more for each call. */
typedef struct {
    cunit *unit;
    cfunction *function; /* gets the parameters; NULL: */
    text *declared;      /* gets them as a header has them, "size_t T, const float *x"; NULL: */
    cexpr **arguments;   /* are collected */
    size_t count, capacity;
} csignature;
void c_pass(csignature *s, const char *type, const char *name, cexpr *argument); /* argument: NULL if not collected */
static inline bool c_collects(const csignature *s) { return !s->function && !s->declared; }
cexpr *c_call_with(const csignature *s, const char *function);
/* enum { NAME = value }; */
void c_enum_constant(cunit *u, const char *name, int64_t value);
/* A table: static const float NAME[elements] = { … }. The values are not held: fill() is called when the table is
 * printed and writes `elements` values. */
typedef void ctable_fill(void *context, float *values);
/* BITS: union { uint64_t pairs[at least n / 2]; float value[n]; } NAME, whose text wants the runtime's NNC_ROW */
/* INTS: static const int32_t NAME[n]; fill() writes int32_t where floats would be */
typedef enum {
    CTABLE_DECIMAL, CTABLE_BITS, CTABLE_INTS,
    CTABLE_U8, CTABLE_I16, CTABLE_U16, CTABLE_U8_BITS, CTABLE_I16_BITS, CTABLE_U16_BITS
} ctable_style;
/* U8, I16, U16: static const uint8_t NAME[n] …; fill() writes such elements where floats would be. With bits beside
 * them (CTABLE_U8_BITS) eight bytes are one number: union { uint64_t words[…]; uint8_t value[n]; } NAME, whose text
 * wants the runtime's NNC_ROW_8 or NNC_ROW_16. */
/* Gives the expression that is the table's first element's address: NAME, or NAME.value in BITS style. A table with
 * values that are not finite is printed in BITS style whatever was asked, so this must be told by the caller. */
cexpr *c_table(cunit *u, const char *name, size_t elements, ctable_style style, ctable_fill *fill, void *context,
               const char *comment);

/* What stands in a comment may be a user's (a weights key): it must not end the comment, begin another, or hold
 * anything but printable ASCII (and line ends). */
const char *c_comment_words(arena *a, const char *words);
/* The shortest decimal text that reads back as this finite float: "0.5f", "1e-5f". Room for 32 bytes. */
void cfloat_print(float value, char *to);

/* Which section of the linker all tables of the unit go to, for gcc and clang; NULL: as the compiler likes. */
void cunit_set_section(cunit *u, const char *section);
/* What all tables of the unit take in the program, in bytes; those beside the code count. */
size_t cunit_table_bytes(const cunit *u);

/* --- weights: tables that may stand beside the code (cweights.c) -------------------------------------------------- */
/* A table as c_table makes it; or, in a unit whose weights are beside the code, a member of their struct. */
cexpr *c_weights(cunit *u, const char *name, size_t elements, ctable_style style, ctable_fill *fill, void *context,
                 const char *comment);
/* From here on all weights are members of `struct TYPE`, which is declared here: HEAD bytes, then each table on a
 * multiple of 64, as a file of them lies in memory. */
void cunit_weights_beside(cunit *u, const char *type);
/* The pointer to that struct, in any function; NULL where weights stand in the code. */
cexpr *c_weights_pointer(const cunit *u);
/* Once the unit is complete: every function that reads weights, itself or through others, takes the pointer, called
 * NAME: behind self where it has that, else first; functions that others link to (no static ones) take it always. No
 * local may be called so: cunit_protect comes before. */
void cunit_hand_weights_on(cunit *u, const char *name);
/* What stands in the file of weights, a line a table: "lstm_w_ih float[1024]: W_ih [16, 4], in panels …". */
const char *cunit_weights_text(const cunit *u);
enum { CWEIGHTS_HEAD = 64, CWEIGHTS_ALIGNMENT = 64 };
size_t cunit_weights_size(const cunit *u); /* of the struct */
/* Gives the tables to `write`, one after the other, each padded with zeros; the bytes are the machine's own unless
 * swapped is set. False as soon as write gives false. */
bool cunit_weights_visit(const cunit *u, bool swapped, bool (*write)(void *context, const void *bytes, size_t n),
                         void *context);

/* crename.c: no local may hide one of these names of file scope. Parameters, variables and loop counters that are
 * called so get an underscore behind their names, wherever they stand, in functions that are lines of text, too. Call
 * once, when the unit is complete. */
void cunit_protect(cunit *u, const name_set *names);

/* --- printing ----------------------------------------------------------------------------------------------------- */
enum { C_WIDTH = 120 }; /* most columns of a line */
/* Writes the unit as C text; false when writing failed (errno is set). */
bool cunit_print(const cunit *u, FILE *to);

#endif
