/* cprint_table: constant tables as C text. Fast, because a model's weights are nearly all of its C file: bit patterns
 * are formatted by hand into a block that is written at once. */
#include <stdlib.h>
#include <string.h>

#include "ctree/ctree_nodes.h"

enum { WIDTH = 120, BLOCK = 1 << 16, ROW = 10 /* values in a row of bits */ };

static void bits_print(float value, char *to) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 8; i++) to[i] = "0123456789abcdef"[(bits >> (28 - 4 * i)) & 15];
}

/* A row; two values are one number, which compilers read in two thirds of the time that two numbers take. */
static size_t row_print(const float *values, char *to) {
    char *start = to;
    memcpy(to, "NNC_ROW(", 8);
    to += 8;
    for (int i = 0; i < ROW; i += 2) {
        memcpy(to, "0x", 2);
        bits_print(values[i + 1], to + 2);
        bits_print(values[i], to + 10);
        memcpy(to + 18, i + 2 < ROW ? ", " : ")", 2);
        to += 20;
    }
    return (size_t)(to - start) - 1;
}

static size_t whole_rows(size_t elements) { return (elements + ROW - 1) / ROW * ROW; }

typedef struct {
    FILE *to;
    size_t used, column;
    char block[BLOCK];
} table_writer;

static void put(table_writer *w, const char *bytes, size_t n) {
    memcpy(w->block + w->used, bytes, n);
    w->used += n;
    w->column += n;
}

/* One element and what separates it from the one before. */
static void put_element(table_writer *w, const char *one, size_t n) {
    if (w->column + 3 + n > WIDTH || !w->column) {
        if (w->used + WIDTH + 8 > BLOCK) {
            fwrite(w->block, 1, w->used, w->to);
            w->used = 0;
        }
        if (w->column) put(w, ",\n", 2);
        w->column = 0;
        put(w, "    ", 4);
    } else {
        put(w, ", ", 2);
    }
    put(w, one, n);
}

static void print_elements(const ctable *t, const float *values, FILE *to) {
    table_writer *w = malloc(sizeof *w);
    if (!w) ice("out of memory: a table of %zu values", t->elements);
    w->to = to;
    w->used = w->column = 0;
    for (size_t i = 0; i < t->elements; i++) {
        char one[WIDTH];
        size_t n;
        if (t->style == CTABLE_BITS) {
            n = row_print(values + i, one);
            i += ROW - 1;
        } else if (t->style == CTABLE_INTS) {
            int32_t whole;
            memcpy(&whole, &values[i], sizeof whole);
            /* the least int32 is no literal of C */
            const char *format = whole == INT32_MIN ? "%ld - 1" : "%ld";
            n = (size_t)snprintf(one, sizeof one, format, (long)whole + (whole == INT32_MIN));
        } else {
            cfloat_print(values[i], one);
            n = strlen(one);
        }
        put_element(w, one, n);
    }
    put(w, "\n", 1);
    fwrite(w->block, 1, w->used, to);
    free(w);
}

const char *ctable_type(const ctable *t) { return t->style == CTABLE_INTS ? "int32_t" : "float"; }

size_t ctable_element_bytes(const ctable *t) {
    (void)t;
    return sizeof(float);
}

size_t ctable_bytes(const ctable *t) {
    return sizeof(float) * (t->style == CTABLE_BITS ? whole_rows(t->elements) : t->elements);
}

/* What stands behind a table's name. */
static void print_attributes(const ctable *t, const char *section, FILE *to) {
    /* no vector that is read from a long table lies in two lines of the cache */
    if (t->elements >= 64) fputs(" NNC_ALIGNED", to);
    if (section) fprintf(to, " __attribute__((section(\"%s\")))", section);
}

void ctable_print(const ctable *t, const char *section, FILE *to) {
    if (t->comment) ccomment_print(to, 0, t->comment);
    bool bits = t->style == CTABLE_BITS;
    if (bits)
        fprintf(to, "static const union { uint64_t pairs[%zu]; float value[%zu]; } %s", whole_rows(t->elements) / 2,
                t->elements, t->name);
    else fprintf(to, "static const %s %s[%zu]", ctable_type(t), t->name, t->elements);
    print_attributes(t, section, to);
    fputs(bits ? " = {{\n" : " = {\n", to);
    float *values = calloc(whole_rows(t->elements), sizeof *values); /* a last row of bits ends in zeros */
    if (!values) ice("out of memory: a table of %zu values", t->elements);
    t->fill(t->context, values);
    print_elements(t, values, to);
    free(values);
    fputs(bits ? "}};\n\n" : "};\n\n", to);
}

/* --- tables beside the code --- */

size_t ctable_padded_bytes(const ctable *t) {
    size_t bytes = t->elements * ctable_element_bytes(t);
    return (bytes + CWEIGHTS_ALIGNMENT - 1) / CWEIGHTS_ALIGNMENT * CWEIGHTS_ALIGNMENT;
}

void cweights_print(const cunit *u, FILE *to) {
    ccomment_print(to, 0, "The weights as they lie in memory: a file's head, then the tables, padded to 64 bytes.");
    fprintf(to, "struct %s {\n    uint64_t head[%d];\n", u->weights_type, CWEIGHTS_HEAD / 8);
    for (size_t i = 0; i < u->beside_count; i++) {
        const ctable *t = u->beside[i];
        if (t->comment) ccomment_print(to, 4, t->comment);
        fprintf(to, "    %s %s[%zu];\n", ctable_type(t), t->name, ctable_padded_bytes(t) / ctable_element_bytes(t));
    }
    fputs("};\n\n", to);
}
