/* scope: a map from names to things, in an arena. Nothing is ever removed: a model's scope only grows. */
#include "lower/lowering.h"
#include "support/hash.h"

struct scope_entry {
    const char *name;
    void *thing;
    UT_hash_handle hh;
};

scope *scope_new(arena *a) {
    scope *n = ARENA_NEW(a, scope);
    n->arena = a;
    return n;
}

scope *scope_inside(arena *a, const scope *around) {
    scope *n = scope_new(a);
    n->around = around;
    return n;
}

static scope_entry *find(const scope *n, const char *name) {
    scope_entry *found;
    HASH_FIND_STR(n->first, name, found);
    return found;
}

void *scope_find(const scope *n, const char *name) {
    for (; n; n = n->around) {
        const scope_entry *e = find(n, name);
        if (e) return e->thing;
    }
    return NULL;
}

void scope_set(scope *n, const char *name, void *thing) {
    scope_entry *e = find(n, name);
    if (e) {
        e->thing = thing;
        return;
    }
    arena *hash_arena = n->arena;
    e = ARENA_NEW(n->arena, scope_entry);
    e->name = name;
    e->thing = thing;
    HASH_ADD_KEYPTR(hh, n->first, name, strlen(name), e);
}

const scope_entry *scope_first(const scope *n) { return n->first; }
const scope_entry *scope_next(const scope_entry *e) { return e->hh.next; }
const char *scope_name(const scope_entry *e) { return e->name; }
void *scope_thing(const scope_entry *e) { return e->thing; }

const char *scope_nearest(const scope *n, const char *word) {
    /* Each unknown name looks at all others, so a file that is all mistakes must not have too many of them. */
    enum { ENOUGH = 512 };
    const char *candidates[ENOUGH];
    size_t count = 0;
    for (; n; n = n->around) {
        size_t left = ENOUGH - count, own = HASH_COUNT(n->first) < left ? HASH_COUNT(n->first) : left;
        const scope_entry *e = own ? ELMT_FROM_HH(n->first->hh.tbl, n->first->hh.tbl->tail) : NULL;
        for (size_t i = own; i > 0; e = e->hh.prev) candidates[count + --i] = e->name;
        count += own;
    }
    return diag_nearest(word, candidates, count);
}
