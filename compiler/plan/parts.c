/* parts: a function that would call very many kernels is cut into functions of so many calls.
 *
 * Compilers keep the addresses of all that a function hands to kernels on its stack: the more calls, the larger its
 * frame, and no function may have one of more than 1 KiB. A list of items, all or those of a loop, is cut into parts of
 * neighbours; what may end the run with an error stays between them. */
#include "plan/planner.h"

enum { MOST_CALLS = 24 };

/* Those that a function makes which has these items. */
static size_t calls_of(const plan_item *item) {
    size_t calls = 0;
    for (; item; item = item->next) calls += item->kernel || item->is_part ? 1 : calls_of(item->items);
    return calls;
}

static bool may_fail(const plan_item *item) {
    if (item->kernel) return item->kernel->kind == PLAN_CHECK;
    for (const plan_item *inner = item->items; inner; inner = inner->next)
        if (may_fail(inner)) return true;
    return false;
}

static size_t own_calls(const plan_item *item) { return item->kernel || item->is_part ? 1 : calls_of(item->items); }

/* Makes a part of the items from *at on that have at most so many calls together; gives where the next may begin. */
static plan_item **cut_one(planner *p, plan_item **at, const plan_item *around, size_t most) {
    size_t calls = 0, count = 0;
    plan_item **end = at;
    while (*end && !may_fail(*end) && (count == 0 || calls + own_calls(*end) <= most)) {
        calls += own_calls(*end);
        count++;
        end = &(*end)->next;
    }
    if (calls < 2) return count ? end : &(*at)->next;
    plan_item *part = ARENA_NEW(p->arena, plan_item);
    *part = (plan_item){.is_part = true, .around = around, .items = *at, .next = *end};
    *end = NULL;
    *at = part;
    return &part->next;
}

static void cut(planner *p, plan_item **items, const plan_item *around) {
    if (calls_of(*items) <= MOST_CALLS) return;
    for (plan_item *item = *items; item; item = item->next)
        if (!item->kernel) cut(p, &item->items, item);
    size_t calls = calls_of(*items), parts = (calls + MOST_CALLS - 1) / MOST_CALLS;
    if (parts < 2) return;
    for (plan_item **at = items; *at;) at = cut_one(p, at, around, (calls + parts - 1) / parts);
}

void planner_parts(planner *p, plan_procedure *procedure) {
    procedure->has_parts = calls_of(procedure->items) > MOST_CALLS;
    cut(p, &procedure->items, NULL);
}
