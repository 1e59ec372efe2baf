/* watch: the values of a .nn file that verify looks at: what the file gives a name, and the results
 * of its layers. */
#ifndef NNC_COMMANDS_WATCH_H
#define NNC_COMMANDS_WATCH_H

#include "ir/ir.h"

typedef struct {
    const char *name; /* "embeds"; of a layer's result that has none "lstm2tag(…)"; of two alike,
                         with its line */
    const ir_type *type;
    span where;
} watched_value;

typedef struct {
    watched_value *items;
    size_t count, capacity;
} watched_values;

/* Makes outputs of the model of them, behind its own, in the order of the file. What a repeat
 * computes in its rounds is not among them: what it collects and carries out is. */
watched_values watch_model(arena *a, ir_model *m, const source *s);

#endif
