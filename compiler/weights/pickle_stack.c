/* pickle_stack: what the machine takes out of the pickle, its stack, its memo, its budget. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "weights/pickle_machine.h"
#include "support/memory.h"

enum { PICKLE_MISSING = -1 };

void machine_fail(machine *m, const char *format, ...) {
    if (m->problem) return;
    va_list args;
    va_start(args, format);
    const char *what = arena_vprintf(m->base.arena, format, args);
    va_end(args);
    m->problem =
        arena_printf(m->base.arena, "at byte %zu of the pickle: %s", m->at - m->begin, what);
}

bool machine_spend(machine *m, uint64_t bytes) {
    if (bytes > m->budget) return fail(m, "it needs more memory than its size can justify");
    m->budget -= bytes;
    return true;
}

/* --- what stands in the pickle ---------------------------------------------------------------- */

bool machine_take(machine *m, uint64_t count, const unsigned char **bytes) {
    if (count > m->size - m->at) return fail(m, "it ends in the middle");
    *bytes = m->bytes + m->at;
    m->at += (size_t)count;
    return true;
}

bool machine_take_number(machine *m, unsigned bytes, uint64_t *number) {
    const unsigned char *from;
    if (!machine_take(m, bytes, &from)) return false;
    *number = 0;
    for (unsigned i = 0; i < bytes; i++) *number |= (uint64_t)from[i] << (8 * i);
    return true;
}

/* Up to the line's end, without it. */
bool machine_take_line(machine *m, pickle_text *line) {
    const char *from = (const char *)m->bytes + m->at;
    const char *end = memchr(from, '\n', m->size - m->at);
    if (!end) return fail(m, "it ends in the middle of a line");
    *line = (pickle_text){from, (size_t)(end - from)};
    m->at += line->length + 1;
    if (line->length && from[line->length - 1] == '\r') line->length--;
    return true;
}

/* --- the stack -------------------------------------------------------------------------------- */

bool machine_push(machine *m, pickle_value v) {
    if (m->count == m->capacity) {
        size_t capacity = m->capacity ? 2 * m->capacity : 64;
        if (!machine_spend(m, (capacity - m->capacity) * sizeof v)) return false;
        m->stack = memory_grown(m->stack, capacity, sizeof v);
        m->capacity = capacity;
    }
    m->stack[m->count++] = v;
    return true;
}

/* What is above the last MARK, or all of the stack. */
static size_t floor_of(const machine *m) { return m->mark_count ? m->marks[m->mark_count - 1] : 0; }

bool machine_pop(machine *m, pickle_value *v) {
    if (m->count <= floor_of(m)) return fail(m, "it takes a value that is not there");
    *v = m->stack[--m->count];
    return true;
}

/* The value that stays on the stack below what was taken. */
pickle_value *machine_top(machine *m) {
    if (m->count > floor_of(m)) return &m->stack[m->count - 1];
    machine_fail(m, "it takes a value that is not there");
    return NULL;
}

bool machine_mark(machine *m) {
    if (m->mark_count == m->mark_capacity) {
        size_t capacity = m->mark_capacity ? 2 * m->mark_capacity : 64;
        if (!machine_spend(m, (capacity - m->mark_capacity) * sizeof *m->marks)) return false;
        m->marks = memory_grown(m->marks, capacity, sizeof *m->marks);
        m->mark_capacity = capacity;
    }
    m->marks[m->mark_count++] = m->count;
    return true;
}

/* The values since the last MARK, which is gone then; they stand above the stack until something is
 * pushed. */
bool machine_take_marked(machine *m, const pickle_value **items, size_t *count) {
    if (!m->mark_count) return fail(m, "it goes back to a mark that is not there");
    size_t begin = m->marks[--m->mark_count];
    static const pickle_value nothing = {.kind = PICKLE_NONE};
    *items = m->stack ? m->stack + begin : &nothing;
    *count = m->count - begin;
    m->count = begin;
    return true;
}

bool machine_drop(machine *m) {
    pickle_value v;
    if (m->mark_count && m->count == floor_of(m)) return m->mark_count--, true;
    return machine_pop(m, &v);
}

/* --- memo ------------------------------------------------------------------------------------- */

/* Writers number what they put, so that no number is larger than the pickle; those that are were
 * made up. */
bool machine_put(machine *m, uint64_t place) {
    const pickle_value *v = machine_top(m);
    if (!v) return false;
    if (place >= m->size - m->begin)
        return fail(m, "it remembers a value under the number %" PRIu64, place);
    if (place >= m->memo_count) {
        size_t count = m->memo_count ? m->memo_count : 64;
        while (count <= place) count *= 2;
        if (!machine_spend(m, (count - m->memo_count) * sizeof *v)) return false;
        m->memo = memory_grown(m->memo, count, sizeof *v);
        for (size_t i = m->memo_count; i < count; i++)
            m->memo[i].kind = (pickle_kind)PICKLE_MISSING;
        m->memo_count = count;
    }
    if ((int)m->memo[place].kind == PICKLE_MISSING) m->memo_used++;
    m->memo[place] = *v;
    return true;
}

bool machine_get(machine *m, uint64_t place) {
    if (place >= m->memo_count || (int)m->memo[place].kind == PICKLE_MISSING)
        return fail(m, "it takes up value %" PRIu64 ", which it never remembered", place);
    return machine_push(m, m->memo[place]);
}
