/* torch_find: the dicts of tensors in what a pickle made.
 *
 * A state_dict may be the value itself or stand anywhere in dicts, lists and attributes of objects;
 * each is found once, under the path of keys to it. A whole module, also one of TorchScript, gives
 * the dict that its state_dict() would. The state of optimizers is passed over.
 */
#include <inttypes.h>
#include <string.h>

#include "weights/torch.h"

const char torch_plain_hint[] =
    "save the weights alone, a state_dict: torch.save(model.state_dict(), \"model.pt\")";

enum { DEEPEST = 200 };
enum { MOST_TRANSIENT = 1000 };

/* Bytes of memory for names and tensors, beside some for each byte of the file: modules that are
 * shared, and tensors that are named again and again, make them many. */
static const uint64_t BUDGET = 32 << 20;
static const uint64_t BUDGET_FOR_A_BYTE = 4;
static const uint64_t TENSOR_BYTES =
    3 * sizeof(tensor); /* lists double as they grow, and dicts are sorted */

/* Of an object's visit: what was found out about it is not asked twice, for there may be many ways
 * to it. */
enum { VISITED = 1, ON_PATH = 2, ASKED_TENSOR = 4, ASKED_MODULE = 8, MODULE = 16 };

typedef struct {
    tensor *items;
    size_t count, capacity;
} tensor_list;

typedef struct {
    arena *arena;
    tensor_dict *dicts;
    size_t count, capacity;
    uint64_t budget;
    bool nameless; /* there is a tensor that no dict names */
    const char *problem;
} finder;

static void fail(finder *f, const char *problem) {
    if (!f->problem) f->problem = problem;
}

static bool spend(finder *f, uint64_t bytes) {
    if (bytes > f->budget)
        fail(f, "it names its tensors and modules more often than its size can justify");
    else f->budget -= bytes;
    return !f->problem;
}

/* "a.b"; NULL when there are too many names. */
static const char *join(finder *f, const char *path, const char *name) {
    if (!spend(f, strlen(path) + strlen(name) + 2)) return NULL;
    return arena_printf(f->arena, "%s%s%s", path, *path ? "." : "", name);
}

static const char *key_string(finder *f, pickle_value key) {
    int64_t integer;
    if (pickle_integer(key, &integer)) return arena_printf(f->arena, "%" PRId64, integer);
    if (key.kind == PICKLE_NAME) return key.as.name;
    if (key.kind != PICKLE_TEXT && key.kind != PICKLE_BYTES) return "?";
    const char *name = pickle_string(f->arena, key);
    if (!name) fail(f, "the name of a tensor holds a 0 byte");
    return name ? name : "?";
}

/* --- tensors ---------------------------------------------------------------------------------- */

static tensor *first_tensor(pickle_value v) {
    if (v.kind != PICKLE_TUPLE) return NULL;
    for (size_t i = 0; i < v.as.list->count; i++)
        if (v.as.list->items[i].kind == PICKLE_TENSOR) return v.as.list->items[i].as.tensor;
    return NULL;
}

static tensor *tensor_of_object(finder *f, pickle_value v) {
    static const char *const wrappers[] = {"torch.nn.parameter.Parameter",
                                           "torch.nn.parameter.Buffer",
                                           "torch.autograd.variable.Variable"};
    for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++) {
        if (strcmp(wrappers[i], v.as.object->class_name) != 0) continue;
        tensor *made = first_tensor(v.as.object->args);
        return made ? made : first_tensor(v.as.object->state);
    }
    return numpy_tensor(f->arena, v);
}

/* The tensor that a value is: itself, a Parameter or Variable of old versions around it, or a NumPy
 * array. */
static tensor *tensor_of(finder *f, pickle_value v) {
    if (v.kind == PICKLE_TENSOR) return v.as.tensor;
    if (v.kind != PICKLE_OBJECT) return NULL;
    pickle_object *o = v.as.object;
    if (!(o->visit & ASKED_TENSOR)) o->tensor = tensor_of_object(f, v);
    o->visit |= ASKED_TENSOR;
    return o->tensor;
}

static void add_tensor(finder *f, tensor_list *to, const char *name, const tensor *t) {
    tensor named = *t;
    named.name = name;
    if (spend(f, TENSOR_BYTES)) ARENA_PUSH(f->arena, to->items, to->count, to->capacity, named);
}

static void add_dict(finder *f, const char *path, tensor_list *tensors) {
    if (!tensors->count || f->problem) return;
    tensor_dict d = tensor_dict_new(path, tensors->items, tensors->count);
    ARENA_PUSH(f->arena, f->dicts, f->count, f->capacity, d);
}

/* --- modules ---------------------------------------------------------------------------------- */

static bool is_script(pickle_value v) {
    return v.kind == PICKLE_OBJECT && v.as.object->state.kind == PICKLE_DICT &&
           strncmp(v.as.object->class_name, "__torch__.", 10) == 0;
}

static bool is_module(pickle_value v) {
    if (v.kind != PICKLE_OBJECT) return false;
    pickle_object *o = v.as.object;
    if (!(o->visit & ASKED_MODULE) && (is_script(v) || pickle_get(o->state, "_parameters")))
        o->visit |= MODULE;
    o->visit |= ASKED_MODULE;
    return o->visit & MODULE;
}

static bool holds(const pickle_value *set, pickle_value key) {
    if (!set || set->kind != PICKLE_SET || key.kind != PICKLE_TEXT ||
        set->as.list->count > MOST_TRANSIENT)
        return false;
    for (size_t i = 0; i < set->as.list->count; i++) {
        pickle_value v = set->as.list->items[i];
        if (v.kind == PICKLE_TEXT && v.as.text->length == key.as.text->length &&
            memcmp(v.as.text->bytes, key.as.text->bytes, key.as.text->length) == 0)
            return true;
    }
    return false;
}

static void add_module(finder *f, pickle_object *module, const char *prefix, unsigned depth,
                       tensor_list *to);

/* The tensors and modules of a dict, as parts of the module that has the prefix. */
static void add_parts(finder *f, const pickle_value *parts, const pickle_value *but,
                      const char *prefix, unsigned depth, tensor_list *to) {
    if (!parts || parts->kind != PICKLE_DICT) return;
    const pickle_list *l = parts->as.list;
    for (size_t i = 0; i + 1 < l->count && !f->problem; i += 2) {
        if (holds(but, l->items[i])) continue;
        const tensor *t = tensor_of(f, l->items[i + 1]);
        bool module = !t && is_module(l->items[i + 1]);
        if (!t && !module) continue;
        const char *name = join(f, prefix, key_string(f, l->items[i]));
        if (!name) return;
        if (t) add_tensor(f, to, name, t);
        else add_module(f, l->items[i + 1].as.object, name, depth + 1, to);
    }
}

static void add_module(finder *f, pickle_object *module, const char *prefix, unsigned depth,
                       tensor_list *to) {
    if (module->visit & ON_PATH) fail(f, "a module contains itself");
    else if (depth > DEEPEST) fail(f, "its modules nest too deep");
    if (f->problem) return;
    module->visit |= VISITED | ON_PATH;
    pickle_value self = {.kind = PICKLE_OBJECT, .as.object = module};
    if (is_script(self)) {
        add_parts(f, &module->state, NULL, prefix, depth, to);
    } else {
        const pickle_value *transient = pickle_get(module->state, "_non_persistent_buffers_set");
        add_parts(f, pickle_get(module->state, "_parameters"), NULL, prefix, depth, to);
        add_parts(f, pickle_get(module->state, "_buffers"), transient, prefix, depth, to);
        add_parts(f, pickle_get(module->state, "_modules"), NULL, prefix, depth, to);
    }
    module->visit &= ~(unsigned)ON_PATH;
}

/* --- everything ------------------------------------------------------------------------------- */

static void walk(finder *f, pickle_value v, const char *path, unsigned depth);

/* What holds others, and was not looked at yet. */
static bool is_new_container(pickle_value v) {
    if (v.kind == PICKLE_OBJECT) return !(v.as.object->visit & VISITED);
    bool list = v.kind == PICKLE_TUPLE || v.kind == PICKLE_LIST || v.kind == PICKLE_SET ||
                v.kind == PICKLE_DICT;
    return list && v.as.list->count && !(v.as.list->visit & VISITED);
}

static void walk_items(finder *f, const pickle_list *l, const char *path, unsigned depth) {
    for (size_t i = 0; i < l->count && !f->problem; i++) {
        if (tensor_of(f, l->items[i])) f->nameless = true;
        else if (is_new_container(l->items[i])) {
            const char *inner = join(f, path, arena_printf(f->arena, "%zu", i));
            if (inner) walk(f, l->items[i], inner, depth + 1);
        }
    }
}

static bool is_optimizer(pickle_value dict) {
    return pickle_get(dict, "state") && pickle_get(dict, "param_groups");
}

static void walk_dict(finder *f, const pickle_list *l, const char *path, unsigned depth) {
    pickle_value dict = {.kind = PICKLE_DICT, .as.list = (pickle_list *)(uintptr_t)l};
    if (is_optimizer(dict)) return;
    tensor_list tensors = {0};
    for (size_t i = 0; i + 1 < l->count; i += 2)
        tensors.capacity += tensor_of(f, l->items[i + 1]) != NULL;
    if (!spend(f, tensors.capacity * sizeof(tensor))) return;
    tensors.items = ARENA_ARRAY(f->arena, tensor, tensors.capacity);
    for (size_t i = 0; i + 1 < l->count && !f->problem; i += 2) {
        const tensor *t = tensor_of(f, l->items[i + 1]);
        if (t) add_tensor(f, &tensors, key_string(f, l->items[i]), t);
    }
    add_dict(f, path, &tensors);
    for (size_t i = 0; i + 1 < l->count && !f->problem; i += 2) {
        if (!is_new_container(l->items[i + 1])) continue;
        const char *inner = join(f, path, key_string(f, l->items[i]));
        if (inner) walk(f, l->items[i + 1], inner, depth + 1);
    }
}

/* Attributes: a dict, or (dict or None, dict of slots). */
static void walk_state(finder *f, pickle_value state, const char *path, unsigned depth) {
    if (state.kind == PICKLE_DICT && is_new_container(state)) {
        state.as.list->visit |= VISITED;
        walk_dict(f, state.as.list, path, depth);
    } else if (state.kind == PICKLE_TUPLE && is_new_container(state)) {
        state.as.list->visit |= VISITED;
        for (size_t i = 0; i < state.as.list->count; i++)
            if (is_new_container(state.as.list->items[i]))
                walk(f, state.as.list->items[i], path, depth + 1);
    }
}

static void walk_object(finder *f, pickle_object *o, const char *path, unsigned depth) {
    pickle_value self = {.kind = PICKLE_OBJECT, .as.object = o};
    if (is_module(self)) {
        tensor_list tensors = {0};
        add_module(f, o, "", depth, &tensors);
        add_dict(f, path, &tensors);
        return;
    }
    o->visit |= VISITED;
    walk_dict(f, &o->dict, path, depth);
    walk_items(f, &o->list, path, depth);
    if (o->args.kind == PICKLE_TUPLE) walk_items(f, o->args.as.list, path, depth);
    walk_state(f, o->state, path, depth);
}

static void walk(finder *f, pickle_value v, const char *path, unsigned depth) {
    if (tensor_of(f, v)) {
        f->nameless = true;
        return;
    }
    if (!is_new_container(v)) return;
    if (depth > DEEPEST) {
        fail(f, "its dicts and lists nest too deep");
        return;
    }
    if (v.kind == PICKLE_OBJECT) {
        walk_object(f, v.as.object, path, depth);
        return;
    }
    v.as.list->visit |= VISITED;
    if (v.kind == PICKLE_DICT) walk_dict(f, v.as.list, path, depth);
    else walk_items(f, v.as.list, path, depth);
}

const char *torch_find_dicts(arena *a, tensor_file *file, pickle_value value, const char **hint) {
    finder f = {.arena = a, .budget = BUDGET + BUDGET_FOR_A_BYTE * file->size};
    walk(&f, value, "", 0);
    if (f.problem) return f.problem;
    if (!f.count) {
        *hint = torch_plain_hint;
        return f.nameless
                   ? "it holds tensors, but no names for them: no dict of tensors (state_dict)"
                   : "it holds no dict of tensors (state_dict)";
    }
    file->dicts = f.dicts;
    file->dict_count = f.count;
    return NULL;
}
