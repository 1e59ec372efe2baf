/* table: rows of cells, as columns that are as wide as they need to be. */
#ifndef NNC_SUPPORT_TABLE_H
#define NNC_SUPPORT_TABLE_H

#include "support/text.h"

typedef struct {
    arena *arena;
    const char *columns; /* a letter each: l or r, on which side its cells stand */
    const char **cells;
    size_t count, capacity;
} table;

table table_new(arena *a, const char *columns);
/* As many strings as there are columns; they are copied. */
void table_row(table *t, ...);
/* Two blanks between columns, none behind a row's end. */
void table_print(const table *t, text *to);

#endif
