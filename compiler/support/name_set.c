/* name_set: see name_set.h. */
#include "support/name_set.h"

#include "support/hash.h"

typedef struct {
    const char *name;
    unsigned next; /* the number that the next thing of this name is tried with */
    void *value;
    bool marked;
    UT_hash_handle hh;
} taken;

struct name_set {
    arena *arena;
    taken *names;
};

name_set *name_set_new(arena *a) {
    name_set *n = ARENA_NEW(a, name_set);
    n->arena = a;
    return n;
}

static taken *find(const name_set *n, const char *name) {
    taken *found;
    HASH_FIND_STR(n->names, name, found);
    return found;
}

bool name_set_has(const name_set *n, const char *name) { return find(n, name) != NULL; }

void name_set_mark(const name_set *n, const char *name) {
    taken *t = find(n, name);
    if (t) t->marked = true;
}

bool name_set_is_marked(const name_set *n, const char *name) {
    const taken *t = find(n, name);
    return t && t->marked;
}

static taken *take(name_set *n, const char *name) {
    taken *t = find(n, name);
    if (t) return t;
    arena *hash_arena = n->arena;
    t = ARENA_NEW(n->arena, taken);
    *t = (taken){.name = arena_strdup(n->arena, name), .next = 2};
    HASH_ADD_KEYPTR(hh, n->names, t->name, strlen(t->name), t);
    return t;
}

void name_set_take(name_set *n, const char *name) { take(n, name); }

const char *name_set_give(name_set *n, const char *wanted) {
    taken *first = find(n, wanted);
    const char *name = wanted;
    for (; find(n, name); first->next++) name = arena_printf(n->arena, "%s_%u", wanted, first->next);
    return take(n, name)->name;
}

void **name_set_value(name_set *n, const char *name) { return &take(n, name)->value; }
