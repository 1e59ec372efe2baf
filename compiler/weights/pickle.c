/* pickle: the opcodes. They are those of Python's pickletools, by their names there. */
#include "weights/pickle.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "weights/pickle_machine.h"

enum { HIGHEST_PROTOCOL = 5 };

/* A value of a few bytes of pickle takes more in memory: lists of small numbers take sixteen bytes
 * for each two. */
static const uint64_t BUDGET = 64 << 20;
static const uint64_t BUDGET_FOR_A_BYTE = 8;

/* --- containers ------------------------------------------------------------------------------- */

static bool push_empty(machine *m, pickle_kind kind) {
    if (!machine_spend(m, sizeof(pickle_list))) return false;
    return machine_push(
        m, (pickle_value){.kind = kind, .as.list = ARENA_NEW(m->base.arena, pickle_list)});
}

static bool push_tuple(machine *m, const pickle_value *items, size_t count) {
    if (!machine_spend(m, sizeof(pickle_list) + count * sizeof *items)) return false;
    return machine_push(m, pickle_tuple_of(m->base.arena, items, count));
}

static bool add_all(machine *m, pickle_list *to, const pickle_value *items, size_t count) {
    /* arrays double as they grow, and the arena keeps the old ones */
    if (!machine_spend(m, 3 * count * sizeof *items)) return false;
    for (size_t i = 0; i < count; i++) pickle_list_add(m->base.arena, to, items[i]);
    return true;
}

static bool append(machine *m, const pickle_value *items, size_t count, pickle_kind kind) {
    const pickle_value *to = machine_top(m);
    if (!to) return false;
    if (to->kind == kind) return add_all(m, to->as.list, items, count);
    if (to->kind == PICKLE_OBJECT) return add_all(m, &to->as.object->list, items, count);
    return fail(m, "it adds to something that is no %s", kind == PICKLE_SET ? "set" : "list");
}

static bool set_items(machine *m, const pickle_value *items, size_t count) {
    const pickle_value *to = machine_top(m);
    if (!to) return false;
    if (count % 2) return fail(m, "it sets a key without a value");
    if (to->kind == PICKLE_DICT) return add_all(m, to->as.list, items, count);
    if (to->kind == PICKLE_OBJECT) return add_all(m, &to->as.object->dict, items, count);
    return fail(m, "it sets an item of something that is no dict");
}

static bool append_one(machine *m) {
    pickle_value v;
    return machine_pop(m, &v) && append(m, &v, 1, PICKLE_LIST);
}

static bool append_marked(machine *m, pickle_kind kind) {
    const pickle_value *items;
    size_t count;
    return machine_take_marked(m, &items, &count) && append(m, items, count, kind);
}

static bool set_item(machine *m) {
    pickle_value pair[2];
    return machine_pop(m, &pair[1]) && machine_pop(m, &pair[0]) && set_items(m, pair, 2);
}

static bool set_marked(machine *m) {
    const pickle_value *items;
    size_t count;
    return machine_take_marked(m, &items, &count) && set_items(m, items, count);
}

/* DICT, LIST, FROZENSET, TUPLE: of what stands since the mark. */
static bool push_marked(machine *m, pickle_kind kind) {
    const pickle_value *items;
    size_t count;
    if (!machine_take_marked(m, &items, &count) ||
        !machine_spend(m, sizeof(pickle_list) + count * sizeof *items))
        return false;
    if (kind == PICKLE_DICT && count % 2) return fail(m, "it sets a key without a value");
    pickle_value v = pickle_tuple_of(m->base.arena, items, count);
    v.kind = kind;
    return machine_push(m, v);
}

static bool push_tuple_of(machine *m, size_t count) {
    pickle_value items[3];
    for (size_t i = count; i-- > 0;)
        if (!machine_pop(m, &items[i])) return false;
    return push_tuple(m, items, count);
}

/* --- names, objects, calls -------------------------------------------------------------------- */

static bool push_name(machine *m, pickle_text module, pickle_text name) {
    if (!machine_spend(m, module.length + name.length + 2)) return false;
    if (memchr(module.bytes, 0, module.length) || memchr(name.bytes, 0, name.length))
        return fail(m, "a name holds a 0 byte");
    char *full = arena_alloc(m->base.arena, module.length + name.length + 2);
    memcpy(full, module.bytes, module.length);
    full[module.length] = '.';
    memcpy(full + module.length + 1, name.bytes, name.length);
    return machine_push(m, (pickle_value){.kind = PICKLE_NAME, .as.name = full});
}

static bool push_global(machine *m) {
    pickle_text module, name;
    return machine_take_line(m, &module) && machine_take_line(m, &name) &&
           push_name(m, module, name);
}

static bool push_stack_global(machine *m) {
    pickle_value name, module;
    if (!machine_pop(m, &name) || !machine_pop(m, &module)) return false;
    if (name.kind != PICKLE_TEXT || module.kind != PICKLE_TEXT)
        return fail(m, "STACK_GLOBAL of something else than text");
    return push_name(m, *module.as.text, *name.as.text);
}

static bool call(machine *m, pickle_value function, const pickle_list *args) {
    if (function.kind != PICKLE_NAME) return fail(m, "it calls something that is no function");
    pickle_value result = {.kind = PICKLE_NONE};
    if (!machine_spend(m, sizeof(pickle_object) + sizeof(tensor))) return false;
    const char *problem = m->base.owner->call(&m->base, function.as.name, args, &result);
    return problem ? fail(m, "%s", problem) : machine_push(m, result);
}

static bool reduce(machine *m) {
    pickle_value args, function;
    if (!machine_pop(m, &args) || !machine_pop(m, &function)) return false;
    if (args.kind != PICKLE_TUPLE) return fail(m, "it calls with arguments that are no tuple");
    return call(m, function, args.as.list);
}

/* INST: the name in the pickle; OBJ: the first value since the mark. */
static bool call_marked(machine *m, const pickle_value *name) {
    const pickle_value *items;
    size_t count;
    if (!machine_take_marked(m, &items, &count)) return false;
    size_t first = name ? 0 : 1;
    if (count < first) return fail(m, "it calls nothing");
    pickle_value function = name ? *name : items[0];
    if (!machine_spend(m, sizeof(pickle_list) + count * sizeof *items)) return false;
    return call(m, function, pickle_tuple_of(m->base.arena, items + first, count - first).as.list);
}

static bool instance(machine *m) {
    pickle_value name;
    return push_global(m) && (name = m->stack[--m->count], call_marked(m, &name));
}

/* NEWOBJ and NEWOBJ_EX: an object of any class, carried. */
static bool new_object(machine *m, bool with_keywords) {
    pickle_value keywords, args, class_name;
    if (with_keywords && !machine_pop(m, &keywords)) return false;
    if (!machine_pop(m, &args) || !machine_pop(m, &class_name)) return false;
    if (args.kind != PICKLE_TUPLE || class_name.kind != PICKLE_NAME)
        return fail(m, "it makes an object of something that is no class");
    if (!machine_spend(m, sizeof(pickle_object))) return false;
    return machine_push(m, pickle_object_new(m->base.arena, class_name.as.name, args));
}

static bool build(machine *m) {
    pickle_value state;
    const pickle_value *to;
    if (!machine_pop(m, &state) || !(to = machine_top(m))) return false;
    if (to->kind == PICKLE_OBJECT) to->as.object->state = state;
    else if (to->kind != PICKLE_DICT)
        return fail(m, "it sets the state of something that has none");
    return true; /* a dict's attributes (_metadata of a state_dict) are nobody's weights */
}

static bool push_persistent(machine *m, pickle_value id) {
    pickle_value result = {.kind = PICKLE_NONE};
    if (!machine_spend(m, sizeof(tensor_storage))) return false;
    const char *problem = m->base.owner->persistent(&m->base, id, &result);
    return problem ? fail(m, "%s", problem) : machine_push(m, result);
}

static bool push_persistent_line(machine *m) {
    pickle_text line;
    pickle_value id;
    return machine_take_line(m, &line) &&
           machine_push_text(m, PICKLE_TEXT, line.bytes, line.length) && machine_pop(m, &id) &&
           push_persistent(m, id);
}

static bool push_persistent_top(machine *m) {
    pickle_value id;
    return machine_pop(m, &id) && push_persistent(m, id);
}

/* --- opcodes ---------------------------------------------------------------------------------- */

static bool protocol(machine *m) {
    uint64_t version;
    if (!machine_take_number(m, 1, &version)) return false;
    return version <= HIGHEST_PROTOCOL ||
           fail(m, "it is of protocol %" PRIu64 "; nnc reads 0 to 5", version);
}

static bool frame(machine *m) {
    uint64_t length;
    if (!machine_take_number(m, 8, &length)) return false;
    return length <= m->size - m->at || fail(m, "a frame is longer than what is left");
}

static bool take_and(machine *m, unsigned bytes, bool (*then)(machine *, uint64_t)) {
    uint64_t number;
    return machine_take_number(m, bytes, &number) && then(m, number);
}

static bool take_line_and(machine *m, bool (*then)(machine *, uint64_t)) {
    pickle_text line;
    pickle_value v;
    int64_t place;
    if (!machine_take_line(m, &line) || !machine_push_decimal(m, line, true) || !machine_pop(m, &v))
        return false;
    if (!pickle_integer(v, &place) || place < 0)
        return fail(m, "this is no number of a remembered value");
    return then(m, (uint64_t)place);
}

static bool push_int(machine *m, uint64_t number) {
    return machine_push_integer(m, (int64_t)number);
}
static bool push_int32(machine *m, uint64_t number) {
    return machine_push_integer(m, (int32_t)(uint32_t)number);
}

static bool push_number_line(machine *m, bool is_long) {
    pickle_text line;
    return machine_take_line(m, &line) && machine_push_decimal(m, line, is_long);
}

static bool drop_marked(machine *m) {
    const pickle_value *items;
    size_t count;
    return machine_take_marked(m, &items, &count);
}

static bool duplicate(machine *m) {
    const pickle_value *v = machine_top(m);
    return v && machine_push(m, *v);
}

/* Opcodes that push a value of their own, or of the bytes behind them. */
static bool push_value(machine *m, unsigned char opcode) {
    switch (opcode) {
    case 'N': return machine_push(m, (pickle_value){.kind = PICKLE_NONE});
    case 0x88: return machine_push_bool(m, true);
    case 0x89: return machine_push_bool(m, false);
    case 'I': return push_number_line(m, false);
    case 'L': return push_number_line(m, true);
    case 'J': return take_and(m, 4, push_int32);
    case 'K': return take_and(m, 1, push_int);
    case 'M': return take_and(m, 2, push_int);
    case 0x8A: return machine_push_long(m, 1);
    case 0x8B: return machine_push_long(m, 4);
    case 'F': return machine_push_real_line(m);
    case 'G': return machine_push_real(m);
    case 'S': return machine_push_string_line(m);
    case 'T': return machine_push_counted(m, PICKLE_TEXT, 4);
    case 'U': return machine_push_counted(m, PICKLE_TEXT, 1);
    case 'V': return machine_push_unicode_line(m);
    case 'X': return machine_push_counted(m, PICKLE_TEXT, 4);
    case 0x8C: return machine_push_counted(m, PICKLE_TEXT, 1);
    case 0x8D: return machine_push_counted(m, PICKLE_TEXT, 8);
    case 'B': return machine_push_counted(m, PICKLE_BYTES, 4);
    case 'C': return machine_push_counted(m, PICKLE_BYTES, 1);
    case 0x8E: return machine_push_counted(m, PICKLE_BYTES, 8);
    case 0x96: return machine_push_counted(m, PICKLE_BYTES, 8);
    default: return fail(m, "0x%02X is no opcode", opcode);
    }
}

/* Those that make and fill tuples, lists, dicts and sets. */
static bool fill(machine *m, unsigned char opcode) {
    switch (opcode) {
    case ')': return push_empty(m, PICKLE_TUPLE);
    case ']': return push_empty(m, PICKLE_LIST);
    case '}': return push_empty(m, PICKLE_DICT);
    case 0x8F: return push_empty(m, PICKLE_SET);
    case 't': return push_marked(m, PICKLE_TUPLE);
    case 'l': return push_marked(m, PICKLE_LIST);
    case 'd': return push_marked(m, PICKLE_DICT);
    case 0x91: return push_marked(m, PICKLE_SET);
    case 0x85: return push_tuple_of(m, 1);
    case 0x86: return push_tuple_of(m, 2);
    case 0x87: return push_tuple_of(m, 3);
    case 'a': return append_one(m);
    case 'e': return append_marked(m, PICKLE_LIST);
    case 0x90: return append_marked(m, PICKLE_SET);
    case 's': return set_item(m);
    case 'u': return set_marked(m);
    default: return push_value(m, opcode);
    }
}

static bool step(machine *m, unsigned char opcode) {
    switch (opcode) {
    case 0x80: return protocol(m);
    case 0x95: return frame(m);
    case '(': return machine_mark(m);
    case '0': return machine_drop(m);
    case '1': return drop_marked(m);
    case '2': return duplicate(m);
    case 'p': return take_line_and(m, machine_put);
    case 'q': return take_and(m, 1, machine_put);
    case 'r': return take_and(m, 4, machine_put);
    case 0x94: return machine_put(m, m->memo_used);
    case 'g': return take_line_and(m, machine_get);
    case 'h': return take_and(m, 1, machine_get);
    case 'j': return take_and(m, 4, machine_get);
    case 'c': return push_global(m);
    case 0x93: return push_stack_global(m);
    case 'R': return reduce(m);
    case 'i': return instance(m);
    case 'o': return call_marked(m, NULL);
    case 0x81: return new_object(m, false);
    case 0x92: return new_object(m, true);
    case 'b': return build(m);
    case 'P': return push_persistent_line(m);
    case 'Q': return push_persistent_top(m);
    case 0x82:
    case 0x83:
    case 0x84: return fail(m, "it takes a class out of Python's extension registry");
    case 0x97:
    case 0x98: return fail(m, "it wants a buffer that is not part of it");
    default: return fill(m, opcode);
    }
}

const char *pickle_read(arena *a, const pickle_owner *owner, const unsigned char *bytes,
                        size_t size, size_t *at, pickle_value *value) {
    machine m = {.base = {a, owner}, .bytes = bytes, .size = size, .at = *at, .begin = *at};
    m.budget = BUDGET + BUDGET_FOR_A_BYTE * (size - *at);
    const unsigned char *opcode;
    while (machine_take(&m, 1, &opcode) && *opcode != '.' && step(&m, *opcode))
        ;
    if (!m.problem && machine_pop(&m, value)) *at = m.at;
    free(m.stack);
    free(m.marks);
    free(m.memo);
    return m.problem;
}
