/* cprint_table: constant tables as C text. Fast, because a model's weights are nearly all of its C file: bit patterns
 * are formatted by hand into a block that is written at once. */
#include <stdlib.h>
#include <string.h>

#include "ctree/ctree_nodes.h"
#include "support/memory.h"

enum { BLOCK = 1 << 16, ROW_BYTES = 40 /* of a row of bits: five numbers */ };

typedef struct {
    const char *type, *row; /* of an element; the macro of a row of bits, NULL: it is not printed so */
    size_t bytes;
} style_row;

static const style_row styles[] = {
    [CTABLE_DECIMAL] = {"float", NULL, 4},
    [CTABLE_BITS] = {"float", "NNC_ROW", 4},
    [CTABLE_INTS] = {"int32_t", NULL, 4},
    [CTABLE_U8] = {"uint8_t", NULL, 1},
    [CTABLE_I16] = {"int16_t", NULL, 2},
    [CTABLE_U16] = {"uint16_t", NULL, 2},
    [CTABLE_U8_BITS] = {"uint8_t", "NNC_ROW_8", 1},
    [CTABLE_I16_BITS] = {"int16_t", "NNC_ROW_16", 2},
    [CTABLE_U16_BITS] = {"uint16_t", "NNC_ROW_16", 2},
};

/* The bytes of one number, as they would lie in little-endian memory. */
static uint64_t number_of(const unsigned char *values, size_t bytes) {
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof number / bytes; i++) {
        uint64_t one = 0;
        uint32_t word;
        uint16_t half;
        if (bytes == 4) memcpy(&word, values + 4 * i, 4), one = word;
        else if (bytes == 2) memcpy(&half, values + 2 * i, 2), one = half;
        else one = values[i];
        number |= one << (8 * bytes * i);
    }
    return number;
}

/* A row; several values are one number, which compilers read in two thirds of the time that two numbers take, and less.
 */
static size_t row_print(const unsigned char *values, const style_row *style, char *to) {
    char *start = to;
    to += sprintf(to, "%s(", style->row);
    for (size_t i = 0; i < ROW_BYTES; i += 8) {
        uint64_t number = number_of(values + i, style->bytes);
        memcpy(to, "0x", 2);
        for (int k = 0; k < 16; k++) to[2 + k] = "0123456789abcdef"[number >> (60 - 4 * k) & 15];
        memcpy(to + 18, i + 8 < ROW_BYTES ? ", " : ")", 2);
        to += 20;
    }
    return (size_t)(to - start) - 1;
}

static size_t whole_rows(const ctable *t) {
    size_t row = ROW_BYTES / styles[t->style].bytes;
    return (t->elements + row - 1) / row * row;
}

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
    if (w->column + 3 + n > C_WIDTH || !w->column) {
        if (w->used + C_WIDTH + 8 > BLOCK) {
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

/* An integer's value, or a float's text. */
static size_t element_print(const ctable *t, const unsigned char *at, char *to) {
    float value;
    int32_t whole = 0;
    int16_t half;
    uint16_t other;
    switch (t->style) {
    case CTABLE_INTS: memcpy(&whole, at, sizeof whole); break;
    case CTABLE_I16: memcpy(&half, at, sizeof half), whole = half; break;
    case CTABLE_U16: memcpy(&other, at, sizeof other), whole = other; break;
    case CTABLE_U8: whole = *at; break;
    default:
        memcpy(&value, at, sizeof value);
        cfloat_print(value, to);
        return strlen(to);
    }
    /* the least int32 is no literal of C */
    const char *format = whole == INT32_MIN ? "%ld - 1" : "%ld";
    return (size_t)sprintf(to, format, (long)whole + (whole == INT32_MIN));
}

static void print_elements(const ctable *t, const unsigned char *values, FILE *to) {
    const style_row *style = &styles[t->style];
    table_writer *w = memory_new(1, sizeof *w);
    w->to = to;
    size_t step = style->row ? ROW_BYTES / style->bytes : 1;
    for (size_t i = 0; i < t->elements; i += step) {
        char one[C_WIDTH];
        const unsigned char *at = values + i * style->bytes;
        put_element(w, one, style->row ? row_print(at, style, one) : element_print(t, at, one));
    }
    put(w, "\n", 1);
    fwrite(w->block, 1, w->used, to);
    free(w);
}

const char *ctable_type(const ctable *t) { return styles[t->style].type; }

size_t ctable_element_bytes(const ctable *t) { return styles[t->style].bytes; }

size_t ctable_bytes(const ctable *t) {
    const style_row *style = &styles[t->style];
    return style->bytes * (style->row ? whole_rows(t) : t->elements);
}

/* What stands behind a table's name. */
static void print_attributes(const ctable *t, const char *section, FILE *to) {
    /* no vector that is read from a long table lies in two lines of the cache */
    if (t->elements >= 64) fputs(" NNC_ALIGNED", to);
    if (section) fprintf(to, " __attribute__((section(\"%s\")))", section);
}

void ctable_print(const ctable *t, const char *section, FILE *to) {
    if (t->comment) ccomment_print(to, 0, t->comment);
    const style_row *style = &styles[t->style];
    if (style->row)
        fprintf(to, "static const union { uint64_t %s[%zu]; %s value[%zu]; } %s",
                t->style == CTABLE_BITS ? "pairs" : "words", whole_rows(t) * style->bytes / 8, style->type, t->elements,
                t->name);
    else fprintf(to, "static const %s %s[%zu]", style->type, t->name, t->elements);
    print_attributes(t, section, to);
    fputs(style->row ? " = {{\n" : " = {\n", to);
    void *values = memory_new(whole_rows(t), style->bytes); /* a last row of bits ends in zeros */
    t->fill(t->context, values);
    print_elements(t, values, to);
    free(values);
    fputs(style->row ? "}};\n\n" : "};\n\n", to);
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
