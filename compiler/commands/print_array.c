/* print_array: see print_array.h. */
#include "commands/print_array.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { EDGE = 3, ALL = 200, NUMBER = 32, LINE = 100 };

typedef struct {
    text *to;
    bool integers, elides;
    const int64_t *sizes;
    unsigned rank;
    const double *numbers;
    int width;  /* of a number */
    int column; /* numbers on this line */
} printing;

static void format(const printing *p, double x, char *to) {
    if (isnan(x)) {
        snprintf(to, NUMBER, "nan"); /* of either sign */
        return;
    }
    for (int digits = p->integers ? 12 : 4; digits <= 12; digits++) {
        snprintf(to, NUMBER, "%.*g", digits, x);
        if (p->integers || strtof(to, NULL) == (float)x) return;
    }
}

/* What is not shown of an axis: from three on, up to three from its end. */
static bool is_gap(const printing *p, unsigned axis, int64_t i) {
    return p->elides && p->sizes[axis] > 2 * EDGE && i >= EDGE && i < p->sizes[axis] - EDGE;
}

static void measure(printing *p, unsigned axis, size_t at) {
    char number[NUMBER];
    if (axis == p->rank) {
        format(p, p->numbers[at], number);
        if ((int)strlen(number) > p->width) p->width = (int)strlen(number);
        return;
    }
    for (int64_t i = 0; i < p->sizes[axis]; i++)
        if (!is_gap(p, axis, i)) measure(p, axis + 1, at * (size_t)p->sizes[axis] + (size_t)i);
}

static void print_number(const printing *p, double x) {
    char number[NUMBER];
    format(p, x, number);
    text_printf(p->to, "%*s", p->width, number);
}

/* Rows of more than one axis stand on lines of their own, behind as many blanks as there are
 * brackets. */
static void print_separator(printing *p, unsigned axis) {
    int room = (LINE - (int)p->rank) / (p->width + 1);
    if (axis + 1 == p->rank && ++p->column < room) {
        text_add(p->to, " ");
        return;
    }
    p->column = 0;
    if (axis + 1 == p->rank) text_add(p->to, "\n");
    for (unsigned i = axis + 1; i < p->rank; i++) text_add(p->to, "\n");
    text_printf(p->to, "%*s", (int)axis + 1, "");
}

static void print_axis(printing *p, unsigned axis, size_t at) {
    if (axis == p->rank) {
        print_number(p, p->numbers[at]);
        return;
    }
    text_add(p->to, "[");
    for (int64_t i = 0; i < p->sizes[axis]; i++) {
        if (i) print_separator(p, axis);
        if (is_gap(p, axis, i)) {
            text_add(p->to, "...");
            i = p->sizes[axis] - EDGE - 1;
            continue;
        }
        print_axis(p, axis + 1, at * (size_t)p->sizes[axis] + (size_t)i);
    }
    text_add(p->to, "]");
}

void print_array(text *to, bool integers, const int64_t *sizes, unsigned rank,
                 const double *numbers) {
    printing p = {.to = to, .integers = integers, .sizes = sizes, .rank = rank, .numbers = numbers};
    size_t elements = 1;
    for (unsigned i = 0; i < rank; i++) elements *= (size_t)sizes[i];
    p.elides = elements > ALL;
    measure(&p, 0, 0);
    print_axis(&p, 0, 0);
    text_add(to, "\n");
}
