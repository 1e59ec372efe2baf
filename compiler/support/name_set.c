/* name_set: open addressing, at most half full; slots are never removed. */
#include "support/name_set.h"

typedef struct {
    const char *name; /* NULL: free */
    unsigned next;    /* the number that the next thing of this name is tried with */
    void **value;     /* made when it is asked for */
} slot;

struct name_set {
    arena *arena;
    slot *slots;
    size_t count, room; /* room is a power of 2 */
};

name_set *name_set_new(arena *a) {
    name_set *n = ARENA_NEW(a, name_set);
    *n = (name_set){a, ARENA_ARRAY(a, slot, 64), 0, 64};
    return n;
}

static slot *find(const name_set *n, const char *name) {
    size_t hash = 5381;
    for (const char *c = name; *c; c++) hash = hash * 33 + (unsigned char)*c;
    for (size_t i = hash;; i++) {
        slot *s = &n->slots[i & (n->room - 1)];
        if (!s->name || strcmp(s->name, name) == 0) return s;
    }
}

static bool has(const name_set *n, const char *name) { return find(n, name)->name != NULL; }

void name_set_take(name_set *n, const char *name) {
    if (2 * (n->count + 1) > n->room) {
        name_set grown = {n->arena, ARENA_ARRAY(n->arena, slot, 2 * n->room), n->count, 2 * n->room};
        for (size_t i = 0; i < n->room; i++)
            if (n->slots[i].name) *find(&grown, n->slots[i].name) = n->slots[i];
        *n = grown;
    }
    slot *s = find(n, name);
    if (s->name) return;
    *s = (slot){arena_strdup(n->arena, name), 2, NULL};
    n->count++;
}

const char *name_set_give(name_set *n, const char *wanted) {
    const char *name = wanted;
    for (slot *first = find(n, wanted); has(n, name); first->next++)
        name = arena_printf(n->arena, "%s_%u", wanted, first->next);
    name_set_take(n, name);
    return find(n, name)->name;
}

void **name_set_value(name_set *n, const char *name) {
    name_set_take(n, name);
    slot *s = find(n, name);
    if (!s->value) s->value = ARENA_NEW(n->arena, void *);
    return s->value;
}
