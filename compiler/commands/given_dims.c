/* given_dims: see given_dims.h. */
#include "commands/given_dims.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

bool given_dims_add(arena *a, given_dims *to, const char *given) {
    const char *equals = strchr(given, '=');
    char *end;
    if (!equals || equals == given || equals[1] < '0' || equals[1] > '9') return false;
    errno = 0;
    given_dim d = {arena_strndup(a, given, (size_t)(equals - given)), strtoll(equals + 1, &end, 10),
                   false};
    if (*end || errno) return false;
    ARENA_PUSH(a, to->items, to->count, to->capacity, d);
    return true;
}

void given_dims_set(given_dims *given, const ir_model *m, int64_t *values, diag_list *diags) {
    for (size_t i = 0; i < m->symbol_count; i++)
        for (size_t k = 0; k < given->count; k++) {
            given_dim *g = &given->items[k];
            if (strcmp(g->name, dim_symbol_name(m->symbols[i])) != 0) continue;
            g->used = true;
            values[i] = g->value;
            if (g->value >= dim_min(m->symbols[i]) && g->value <= dim_max(m->symbols[i])) continue;
            diag_error(diags, m->symbol_where[i],
                       "%s=%" PRId64 " is outside of the bounds of dim %s", g->name, g->value,
                       g->name);
        }
}

void given_dims_unused(const given_dims *given, const char *path, diag_list *diags) {
    for (size_t k = 0; k < given->count; k++)
        if (!given->items[k].used)
            diag_error_file(diags, path, "no model in it has a run-time dim %s, as --dim wants it",
                            given->items[k].name);
}
