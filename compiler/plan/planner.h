/* planner: what the files of plan/ share while a plan is made; nobody outside includes it.
 *
 * A task is a piece of work that will be one kernel (or none: a join). A pval is a value as the planner sees it. A pval
 * is either storage of its own (a root) or a view of another pval by one step. A producer writes straight into its
 * consumer's memory (an output, a state, a slice of a CAT) by hosting: its root becomes a view of the host.
 * Two relations must therefore be told apart: `origin`, where a value's data comes from, and `source`, in whose memory
 * it lies.
 *
 * A pblock is one graph: run or reset, or the body of a REPEAT, whose task stands in the block around it. A block has a
 * task list of its own to place, legalize and schedule. What is carried is a result of the REPEAT's task (like a
 * RECURRENT's h): the body sees it as a source, and writes it at the round's end or, where nobody reads the old value
 * any more, at once. A row, and the place of what is collected, is a view by the step ROW. */
#ifndef NNC_PLAN_PLANNER_H
#define NNC_PLAN_PLANNER_H

#include "plan/choose.h"
#include "plan/plan.h"
#include "support/name_set.h"

/* Loops in each other: over chunks, and over rounds (as many as lower/ lets stand in each other). */
enum { PLAN_MAX_CHUNKS = 4, PLAN_MAX_DEPTH = PLAN_MAX_CHUNKS + IR_MAX_BLOCKS };

typedef struct pval pval;
typedef struct task task;
typedef struct ploop ploop;
typedef struct pblock pblock;
typedef struct known_view known_view;

typedef struct {
    task **of;
    size_t count, capacity;
} ptasks;

typedef struct {
    pval **of;
    size_t count, capacity;
} pvals;

/* What is written over an old value; its readers come before. carry.c's, while it places a body. */
typedef struct {
    pval *storage, *old;       /* where it lies; the value that it is read as */
    ptasks readers, writers; /* of the block in work; a writer may be a reader */
} poverwritten;

/* One view step: what the viewed value becomes; the result's type is the pval's. */
typedef struct {
    ir_op op; /* RESHAPE, PERMUTE, SLICE, EXPAND; ROW: that of the present round, along dim 0; CAT: windows.c's */
    unsigned perm[IR_MAX_RANK];
    unsigned axis;
    const dim *start;
    int64_t step;
    const pblock *block; /* ROW: whose round */
    unsigned window;     /* CAT: the result's axis of slices that are `apart` from each other along the viewed `axis` */
    int64_t apart;
} pstep;

/* The first two lie in memory (pval_is_memory). */
typedef enum { PVAL_ROOT, PVAL_VIEW, PVAL_INLINE, PVAL_NUMBER, PVAL_PARAM } pval_kind;

struct pval {
    pval_kind kind;
    pblock *block;       /* whose node it is of */
    ir_type type;
    const char *name;
    double number;       /* NUMBER */
    const dim *size;     /* NUMBER: if not NULL, the number is this one's value */
    size_t param;        /* PARAM */
    const ir_node *node; /* INLINE: the elementwise node, or a view of what is computed */
    task *producer;      /* the task that writes this pval itself; see planner_producer */
    unsigned result;     /* which of its results; of a body's old value: which of what is carried */
    pval *origin;        /* the value this one is a view of; NULL for what a task or a source makes */
    pstep origin_step;
    pval *source;        /* VIEW: in whose memory it lies */
    pstep step;
    known_view *full;    /* layout.c's; NULL: none yet */
    size_t moves;        /* ROOT: how often what lies in it came to lie elsewhere in it, or no longer does */
    plan_view *local;    /* kernels.c's: as it lies in its home; NULL: not known yet */
    poverwritten *over;  /* carry.c's: it is written over, or in it something is; NULL */
    plan_buffer *buffer; /* ROOT: set from the start for inputs, outputs, states and tables */
    ploop *home;         /* ROOT: the innermost loop outside of which nobody touches it; NULL: none */
    bool touched;        /* ROOT: home is set */
    task **readers;      /* ROOT: of what lies in it, from schedule() on */
    size_t reader_count, reader_capacity;
    bool used;           /* some task reads it */
    bool early;          /* it is made before the checks: nothing that the caller sees may be its memory */
};

/* UNTIL: reads what ends the rounds */
typedef enum { TASK_NODE, TASK_COPY, TASK_ZERO, TASK_JOIN, TASK_UNTIL, TASK_CHECK } task_kind;

struct task {
    task_kind kind;
    pblock *block;       /* that it stands in */
    pblock *body;        /* of a REPEAT */
    const ir_node *node;
    const ir_node **parts; /* of a fused one: the elementwise nodes of its results; else NULL */
    const ir_bound_check *check; /* CHECK */
    pval **inputs;       /* every pval that it reads, those of inlined nodes and of a body included; NULL allowed */
    unsigned input_count;
    unsigned computed;   /* of a reduction that computes its operand: the first inputs are what that reads; else 0 */
    pval **results;
    unsigned result_count;
    task *reader;        /* CONV1D: a task that is none any more, whose work is done to the sums (follow.c); or NULL */
    int64_t pool[2];     /* and the windows whose maxima it takes, as in plan_kernel */
    task **after;        /* besides the producers of its inputs, these tasks must come first */
    size_t after_count, after_capacity;
    unsigned serial;     /* position in the order of creation, then of the schedule */
    bool placed;         /* JOIN, and of a PAD: its operands are where they can be */
    bool awaited;        /* some task's `after` names it */
    bool waits;          /* for a task that comes after it: what adds to a gradient in scratch, for its STEP */
    ploop *loop;         /* innermost */
    int result_axis[PLAN_MAX_DEPTH]; /* of result 0 in the loop at that depth */
    int *input_axis[PLAN_MAX_DEPTH]; /* per input; -1: read whole */
    int mark;            /* schedule: which list it is in */
};

static inline bool pval_is_memory(const pval *v) { return v && v->kind <= PVAL_VIEW; }

static inline bool task_does(const task *u, ir_op op) { return u->kind == TASK_NODE && u->node->op == op; }

struct ploop {
    ploop *parent;
    unsigned depth;      /* 0 for an outermost one */
    const dim *symbol, *start, *extent; /* NULL for a loop over rounds */
    int64_t chunk;
    plan_item *item;
};

/* What tasks of a body, and of those in it, read and write of a result of its REPEAT. */
typedef struct {
    const pval *value;
    bool dense_rows; /* its rows must be dense */
} puse;

typedef struct {
    puse *uses;
    size_t count, capacity;
} pused;

struct pblock {
    pblock *around;      /* NULL: run or reset */
    unsigned depth;      /* 0: run or reset */
    task *repeat;        /* whose body this is */
    const dim *round;    /* the symbol of the round's number; one for all blocks of a depth */
    pval **carried;      /* parallel to what the REPEAT carries: the sources that the body reads */
    task *until;         /* or NULL; it comes when all else of the round is done */
    task *last;          /* the last one made while the body was in work; NULL: it still is, or it is no body */
    pused *used;         /* place.c: by the REPEAT's results; NULL: not asked for yet */
};

typedef struct {
    arena *arena;
    ir_model *model;
    plan *plan;
    dim_table *dims;
    int64_t unroll;
    pval **values;       /* by ir_value id */
    pval **gradients;    /* by param: in scratch until its STEP; of a model whose steps are taken at once */
    task **added;        /* by param: what added to its gradient last */
    const ir_node **only_user; /* by ir_value id: the one node that uses it, in its own graph; NULL: none, or more */
    pblock *block;       /* in work */
    task **tasks;        /* of all blocks, in order; finally with copies */
    size_t task_count, task_capacity;
    ploop **loops;       /* those that the plan has */
    size_t loop_count, loop_capacity;
    pvals unknown;          /* layout_full's, while it works */
    name_set *functions;    /* of all kernels */
    const ir_node *const *linears; /* choose_linears() */
} planner;

/* build.c: the tasks and pvals of one graph. */
void planner_build(planner *p, const ir_graph *g, bool is_reset);
/* repeat.c: a REPEAT with all that is in it. The body's nodes are built by `nodes`. */
void planner_repeat(planner *p, const ir_node *n, void (*nodes)(planner *p, const ir_graph *g));

/* tasks.c */
task *planner_task(planner *p, task_kind kind, const ir_node *node, unsigned inputs, unsigned results);
pval *planner_root(planner *p, const ir_type *type, const char *name);
pval *planner_view(planner *p, pval *of, const ir_type *type, pstep step, const char *name);
/* The memory of a value for a task to write: the view's data are the task's, not the value's. planner_target: all. */
pval *planner_target_at(planner *p, pval *of, const ir_type *type, pstep step);
pval *planner_target(planner *p, pval *of);
/* In the block that v is of: what no round changes is copied once, before the rounds. */
pval *planner_dense_copy(planner *p, pval *v);
pval *planner_materialize(planner *p, pval *v); /* a number as memory, for what cannot take it as an operand */
void planner_after(planner *p, task *u, task *before); /* before must come first; both of one block */
void planner_list(planner *p, ptasks *to, task *u); /* once, where a task's turns come one after another */
/* The serials of a block's tasks lie from `first` up to `end`, among those of the blocks in it, and copies for those
 * around it: who asks for a block looks there only, or thousands of blocks would take a time that is quadratic. */
size_t planner_first(const pblock *b);
size_t planner_end(const planner *p, const pblock *b);
task *planner_copy(planner *p, pval *from, pval *to, const ir_node *node);
task *planner_producer(const pval *v); /* the task that computes the data, seen through views; NULL for sources */

/* windows.c: a CAT as a view, or NULL. */
pval *planner_windows(planner *p, const ir_node *cat);
/* What a CONV1D reads instead of v, whose rows and channels need not lie at one distance: v, or [N, H, C, R, L]. */
pval *planner_rows_apart(planner *p, pval *v);

/* functions.c: how many vectors compilers keep for the functions of expressions and of what is computed in them, where
 * each counts once (cost.h); is the stack for so many small in every body? */
unsigned planner_kept(const planner *p, const ir_node *const *expressions, size_t count);
bool planner_keeps_little(const planner *p, unsigned kept);

/* fuse.c: elementwise tasks of the block in work become fewer, with a result for each part. */
void planner_fuse(planner *p);

/* computed.c: is an elementwise node computed where a reduction reads it? */
bool planner_computes(const planner *p, const ir_node *n);
/* Is int32 read where n is computed, by it or by what is computed in it? */
bool planner_reads_ints(const planner *p, const ir_node *n);
const ir_node *planner_computed_node(const planner *p, const pval *v); /* of an INLINE pval, seen through views */
/* The type of what a task computes for itself, inside of its loops. */
ir_type planner_computed_type(planner *p, const task *u);
/* input_axis[0], an axis of what is computed, as axes of what that reads. */
void planner_spread_axis(const task *u, int *input_axis);

/* follow.c: what alone reads a convolution is done by it. */
void planner_follow(planner *p);
const ir_node *planner_followed_by(const planner *p, const task *reader); /* the elementwise node, or NULL */

/* place.c: outputs, states and CATs hosted; then copies where layouts force them. */
void planner_place(planner *p, bool is_reset);
void planner_legalize(planner *p);
/* Has v written where `in` lies, if that can be: its task stands in the block in work, and all views stay sayable. */
bool planner_host(planner *p, pval *v, pval *in);
/* All tasks that make v, hosted just now, then write where it lies: a join's operands, what is padded. */
void planner_place_parts_of(planner *p, const pval *v);
void planner_place_joins(planner *p, size_t end); /* of tasks before that serial */
bool planner_same_place(planner *p, const pval *a, const pval *b);
/* carry.c: what the body carries and collects to its places; task_count: how many tasks there were. */
void planner_place_body(planner *p, const ir_node *n);

/* layout.c: views from steps. False when a RESHAPE cannot be said in strides. */
bool layout_apply(planner *p, const pstep *step, const ir_type *result_type, plan_view *v);
plan_view layout_dense(planner *p, const ir_type *type);
/* The view of the whole value, outside of all loops. */
bool layout_full(planner *p, const pval *v, plan_view *view);
bool layout_is_known(const pval *v); /* was it asked for, and does that still hold? */
/* v and what it lies in, down to where that is known, or to the root. By a list, as there may be thousands of them. */
void layout_unknown(planner *p, pval *v, bool (*is_known)(const pval *), pvals *to);
/* The view of an input that v is, for checks; false when v is not one. */
bool planner_original_view(planner *p, const pval *v, plan_view *view);
/* The same where strides can say it. */
bool planner_exact_view(planner *p, const pval *v, plan_view *view);
pstep layout_inverse(const pstep *s, const ir_type *source_type);
pval *layout_storage(const pval *v); /* the root in whose memory v lies */
/* Called before views in v's storage, v or others, are made views of something else. (A root that becomes a view is one
 * no more, which is enough.) */
void layout_moves(const pval *v);
/* Where axis `axis` (whose extent is a multiple of symbol) of a viewed value lies after a step, or -1. */
int layout_axis(planner *p, const pstep *step, const ir_type *from, const ir_type *to, int axis, const dim *symbol);

/* split.c: how a task can work along one axis piece by piece. Fills input_axis (-1: whole) for result axis `axis`;
 * false when it cannot. split_result_axis: of result r when result 0 is split at `axis`; -1: complete only at the end.
 */
bool split_rule(planner *p, const task *u, int axis, const dim *symbol, int *input_axis);
int split_result_axis(const task *u, unsigned result, int axis);
/* Is n a BATCH_NORM, or computes it one? */
bool planner_inlines_batch_norm(const planner *p, const ir_node *n);

/* schedule.c: the tasks in loops; gives the item tree without kernels. */
plan_item *schedule(planner *p);
/* The axis along which v, made in loop l, is split there; -1: none. */
int schedule_axis(planner *p, const pval *v, const ploop *l);

/* checks.c: appends to the plan's checks; false where scratch is needed: the check is then a task. */
bool planner_check(planner *p, const ir_bound_check *c);

/* kernels.c: a task -> kernel with all views. The symbols of a view, or of a size, become the kernel's; choices are
 * made for all bodies. memory.c: offsets of scratch buffers. */
void planner_symbols(planner *p, plan_kernel *k, const plan_view *v);
void planner_symbols_of(planner *p, plan_kernel *k, const dim *d);
void planner_choices(planner *p, plan_kernel *k);
void planner_kernels(planner *p, plan_procedure *procedure, plan_item *items);
void planner_memory(planner *p, plan_item *items);
void planner_parts(planner *p, plan_procedure *procedure); /* parts.c */

#endif
