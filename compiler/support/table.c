/* table: see table.h. Cells are UTF-8; a character is as wide as any other. */
#include "support/table.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

table table_new(arena *a, const char *columns) { return (table){.arena = a, .columns = columns}; }

void table_row(table *t, ...) {
    va_list cells;
    va_start(cells, t);
    for (size_t i = 0; t->columns[i]; i++) {
        const char *cell = arena_strdup(t->arena, va_arg(cells, const char *));
        ARENA_PUSH(t->arena, t->cells, t->count, t->capacity, cell);
    }
    va_end(cells);
}

static size_t width_of(const char *cell) {
    size_t width = 0;
    for (; *cell; cell++) width += ((unsigned char)*cell & 0xC0) != 0x80;
    return width;
}

void table_print(const table *t, text *to) {
    size_t columns = strlen(t->columns);
    size_t *widths = ARENA_ARRAY(t->arena, size_t, columns);
    for (size_t i = 0; i < t->count; i++)
        if (width_of(t->cells[i]) > widths[i % columns])
            widths[i % columns] = width_of(t->cells[i]);
    for (size_t row = 0; row < t->count; row += columns) {
        size_t blanks = 0; /* due before the next thing that is shown */
        for (size_t k = 0; k < columns; k++) {
            const char *cell = t->cells[row + k];
            size_t fill = widths[k] - width_of(cell);
            bool right = t->columns[k] == 'r';
            if (*cell) text_printf(to, "%*s%s", (int)(blanks + (right ? fill : 0)), "", cell);
            blanks = *cell ? (right ? 0 : fill) : blanks + widths[k];
            blanks += 2;
        }
        text_add(to, "\n");
    }
}
