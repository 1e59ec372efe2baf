/* ir: a model as a graph of operators on typed values.
 *
 * Nodes are in SSA form: each value is a result of exactly one node; nodes stand in an order in which operands come
 * first. A model has two graphs, made of the same kind of nodes: `run` (one call of NAME_run) and `reset` (the initial
 * values of states that have an expression; usually empty). Params belong to the model and may be used by both.
 * Everything lives in the model's arena. The IR knows no AST; `where` spans still point into the .nn file.
 *
 * RECURRENT is one layer in one direction; lowering unrolls num_layers and directions into several. Its inputs:
 *   [IR_REC_X]    x[T, B, I]            [IR_REC_H0] h0[B, P]?        [IR_REC_C0] c0[B, H]? (LSTM)
 *   [IR_REC_LENGTHS] lengths int32[B]?  [IR_REC_W_IH] w_ih[G*H, I]   [IR_REC_W_HH] w_hh[G*H, P]
 *   [IR_REC_B_IH] b_ih[G*H]?            [IR_REC_B_HH] b_hh[G*H]?     [IR_REC_W_HR] w_hr[P, H]? (proj_size)
 * and its results: out[T, B, P], h_n[B, P], c_n[B, H] (LSTM; another cell has only two results). P is H without w_hr.
 * G and the order of the gates are torch's: LSTM i, f, g, o; GRU r, z, n; RNN one. A missing h0 or c0 is zero. With
 * `reverse` time runs from the last step to the first and out keeps the input's order. With lengths, out is zero past
 * each length, h_n and c_n are those of each sequence's own last step. With `keeps` there are more results, for the
 * gradient, which are not defined past a length: sums[T, B, K*H], of what the activations are taken (LSTM i, f, g, o;
 * GRU r, z, h's share of n, x's share of n; RNN one), and of an LSTM c[T, B, H] behind each step.
 *
 * REPEAT runs a graph of its own, the body of its ir_block, attrs.rounds times. Its inputs are first attrs.rows tensors
 * whose dim 0 is `rounds`, of which each round sees one row (a ROW node of the body), then the first values of what is
 * carried from round to round (CARRIED nodes of the body; `next` is the value at the round's end). Its results are what
 * is carried behind the last round, then what the rounds collected, along a new dim 0. After each round `until`, if
 * there is one, is asked: once it is true the rounds that are left do not run, and what they would collect is 0. With
 * `backwards` the first round has the last rows, and collects the last. Nodes
 * of a body may use values of the graphs around it that stand before the REPEAT; all sources but ROW, CARRIED, CONST
 * and SIZE stand in the model's own graphs.
 */
#ifndef NNC_IR_IR_H
#define NNC_IR_IR_H

#include "ir/training.h"
#include "ir/type.h"
#include "support/diag.h"

enum { IR_MANY = 1 << 20, IR_MAX_BLOCKS = 8 /* REPEATs in each other */ };

typedef enum {
#define OP(NAME, text, class, min_inputs, max_inputs, results) IR_##NAME,
#include "ir/op.def"
    IR_OP_COUNT
} ir_op;

typedef enum {
    IR_SOURCE, IR_LAYER, IR_UNARY, IR_BINARY, IR_TERNARY, IR_REDUCE, IR_NORMALIZE, IR_VIEW, IR_MOVE, IR_LOOP, IR_SINK
} ir_op_class;

const char *ir_op_name(ir_op op);
ir_op_class ir_op_class_of(ir_op op);
bool ir_op_is_elementwise(ir_op op); /* of one, two or three operands */
unsigned ir_op_min_inputs(ir_op op); /* optional ones counted */
unsigned ir_op_max_inputs(ir_op op);
unsigned ir_op_results(ir_op op);

enum {
    IR_REC_X, IR_REC_H0, IR_REC_C0, IR_REC_LENGTHS, IR_REC_W_IH, IR_REC_W_HH, IR_REC_B_IH, IR_REC_B_HH, IR_REC_W_HR,
    IR_REC_INPUTS
};

typedef enum { IR_CHECK_TOKEN, IR_CHECK_LENGTH, IR_CHECK_TARGET } ir_check_kind; /* NNC_ERR_… */
typedef enum { IR_RNN, IR_LSTM, IR_GRU } ir_cell;

/* An activation of a recurrent layer: a function of one argument (function.def), or none, which leaves x as it is. */
typedef struct {
    ir_op function; /* IR_LINEAR_ACTIVATION: none */
    double scalar[2];
} ir_activation;

#define IR_LINEAR_ACTIVATION ((ir_op)0) /* the enum's first operator is no function */

const char *ir_activation_name(ir_activation a); /* the function's, or "linear" */
const char *ir_check_kind_name(ir_check_kind k); /* "token", "length", "target" */
const char *ir_cell_name(ir_cell c); /* "rnn", "lstm", "gru" */
unsigned ir_cell_gates(ir_cell c);   /* 1, 4, 3 */

/* How a layer's matrices are kept: what `as` says. DEFAULT: it says nothing, which is float32 unless ir_weights_default
 * said otherwise. STORED: as the file has them, if that is in 16 bits. Biases are float32 always, and so is a matrix
 * that would not shrink (format/format.h). */
typedef enum {
    IR_WEIGHTS_DEFAULT, IR_WEIGHTS_FLOAT32, IR_WEIGHTS_INT16, IR_WEIGHTS_INT8, IR_WEIGHTS_STORED, IR_WEIGHTS_COUNT
} ir_weights;

const char *ir_weights_name(ir_weights w); /* "int8" */
/* Of all but DEFAULT; false: there is none of that name. */
bool ir_weights_find(const char *name, ir_weights *w);
#define IR_WEIGHTS_LIST "float32, int16, int8 and stored" /* for messages */

typedef enum { IR_PAD_CONSTANT, IR_PAD_REFLECT, IR_PAD_REPLICATE, IR_PAD_CIRCULAR } ir_pad_mode;

/* The numbers of a TENSOR. */
typedef struct {
    const double *numbers;
    size_t count;
} ir_values;

/* Only the members that the operator's row in op.def names have a meaning; the others are zero. */
typedef struct {
    size_t index;                    /* sources */
    double number;                   /* CONST; PAD in constant mode */
    ir_values values;                /* TENSOR */
    double scalar[2];                /* UNARY with parameters; CLAMP may hold ±infinity */
    unsigned axis;                   /* NORMALIZE, SLICE, CAT, PAD */
    unsigned axes;                   /* REDUCE, FLIP: bit i is dim i; BATCH_NORM: what statistics are over, or 0 */
    bool keepdim;                    /* REDUCE */
    unsigned perm[IR_MAX_RANK];      /* PERMUTE */
    const dim *start;                /* SIZE, SLICE, ARANGE */
    int64_t step;                    /* SLICE, ARANGE */
    int64_t shift;                   /* ROLL */
    bool smallest;                   /* TOPK */
    int64_t count;                   /* ONE_HOT classes; LAYER_NORM dims; VAR, TOPK */
    double eps;                      /* LAYER_NORM, BATCH_NORM */
    bool shared;                     /* MAX, MIN: the gradient is shared by equals; else the first of them has it all */
    bool first; /* MAXIMUM, MINIMUM: of equals the first operand has the gradient; else each half of it */
    ir_weights weights;              /* EMBEDDING, RECURRENT, LINEAR, CONV1D */
    bool has_max_norm;               /* EMBEDDING */
    double max_norm, norm_type;      /* EMBEDDING; norm_type may be infinity */
    int64_t padding_row;             /* EMBEDDING: 1 + the row that gets no gradient; 0: none */
    bool scale_by_frequency, sparse; /* EMBEDDING: of its gradient */
    double momentum;                 /* BATCH_NORM with axes: of the running statistics; NaN: none */
    bool classes;                    /* TAKE, GATHER: indices that are a loss's classes (NNC_ERR_TARGET) */
    int64_t stride, dilation, groups, before, after; /* CONV1D: zeros before and after; PAD: before, after */
    ir_pad_mode pad_mode;            /* PAD */
    ir_cell cell;                    /* RECURRENT */
    ir_activation activation, recurrent_activation;
    bool reverse, reset_after, keeps;
    const dim *rounds;               /* REPEAT */
    unsigned rows;                   /* REPEAT: how many inputs are consumed row by row */
    bool backwards;                  /* REPEAT, WEIGHT_GRAD, BIAS_GRAD: the last row comes first */
    bool pieces;                     /* REPEAT: the rounds are pieces of a recurrent layer's steps (adjoint_tape.c);
                                      * MATMUL: so may a's rows be: bits do not depend on their number */
} ir_attrs;

typedef struct ir_node ir_node;
typedef struct ir_block ir_block;

struct ir_value {
    unsigned id;         /* unique in its model; %id in text */
    ir_type type;
    ir_node *producer;
    unsigned result;     /* which of the producer's results */
    const char *name;    /* the name that the .nn file binds it to, or NULL */
    span where;          /* the expression that made it */
};

struct ir_node {
    ir_op op;
    ir_value **inputs;   /* input_count; NULL for an optional one that is not there */
    unsigned input_count;
    ir_value **results;  /* result_count */
    unsigned result_count;
    ir_attrs attrs;
    const char *label;   /* what comments and C names call it: "lstm", "lstm_l1_reverse", "softmax" */
    const char *source;  /* a layer as written: "LSTM(6, 6)"; NULL for functions */
    span where;
    ir_block *block;     /* REPEAT: its own; ROW, CARRIED: the one they belong to; else NULL */
    ir_node *next;
};

typedef struct {
    ir_node *first, *last;
} ir_graph;

/* What a REPEAT does in a round. The arrays are parallel to its inputs and results; ir_rows_of() … say how long. */
struct ir_block {
    ir_graph body;
    ir_node *repeat;
    ir_value **rows;      /* the ROW nodes' results; NULL for one that the body does not read */
    ir_value **carried;   /* the CARRIED nodes' results; NULL for one that the body does not read */
    ir_value **next;      /* what is carried, at the round's end: of the body or of a graph around it */
    ir_value **collected; /* a round's values */
    ir_value *until;      /* a bool of one element, or NULL */
};

typedef struct {
    const char *name;
    ir_value *value; /* the INPUT node's result */
    bool is_target;  /* given to the training functions only */
    span where;
} ir_input;

typedef struct {
    const char *name;
    ir_value *value; /* of graph run */
    span where;
} ir_output;

typedef struct {
    const char *name;
    ir_type type;
    ir_value *value; /* the STATE node's result in graph run: the value at the run's start */
    ir_value *next;  /* the value at the run's end; NULL: unchanged */
    ir_value *init;  /* of graph reset, same type; NULL: zeros */
    span where;
} ir_state;

typedef enum { IR_IN_FLOAT32, IR_IN_FLOAT16, IR_IN_BFLOAT16 } ir_stored; /* float64 is converted to float32 */

/* A tensor of the state_dict. After binding, data holds the elements in row-major order (const, owned by the weights,
 * whose lifetime is the compilation's); before, NULL. Params of the same key and shape are one param. */
typedef struct {
    const char *key;
    ir_type type;        /* constant dims */
    const float *data;   /* float32, converted if the file has another type: */
    ir_stored stored;    /* the file's, after binding */
    const char *wanted_by; /* for messages: "layer lstm = LSTM(6, 6)" */
    span where;
    /* training (training.h) */
    bool trained;        /* it has a gradient */
    bool moving;         /* a running statistic that training moves */
    bool statistic;      /* running_mean, running_var: no parameter of torch, a buffer */
    bool fixed;          /* a loss's weights: never trained */
    size_t group;        /* trained: which optimizer */
    ir_init init;
    int64_t offset;      /* trained or moving: in floats of the struct's parameters; set with weights bound */
} ir_param;

/* Does it live in the struct? */
static inline bool ir_param_lives(const ir_param *p) { return p->trained || p->moving; }
/* Does a sink change its param, and not that one's gradient? */
static inline bool ir_changes_param(const ir_node *sink) {
    return sink->op == IR_UPDATE || sink->op == IR_RENORM || sink->op == IR_STEP ||
           (sink->op == IR_EMBEDDING_GRAD && sink->attrs.sparse);
}

/* Checked before anything is written: each element of value, which ir_made_of_inputs says is made of inputs, sizes and
 * numbers alone, must be in [low, high]. */
typedef struct {
    ir_value *value;
    ir_check_kind kind;
    const dim *low, *high;
    span where;
    bool has_except; /* TARGET: ignore_index is allowed, too */
    int64_t except;
} ir_bound_check;

struct ir_model {
    arena *arena;
    dim_table *dims;
    const char *name;
    span where;
    const char *weights;     /* as written in the .nn file, or NULL */
    span weights_where;
    const char **weights_over; /* files whose tensors take the place of those before; NULL-terminated, or NULL */
    const char *weights_prefix; /* stands before every key in the weights; or NULL */
    const dim **symbols;     /* run-time dims in order of declaration, all of them */
    span *symbol_where;
    size_t symbol_count, symbol_capacity;
    ir_input *inputs;
    size_t input_count, input_capacity;
    ir_output *outputs;
    size_t output_count, output_capacity;
    ir_state *states;
    size_t state_count, state_capacity;
    ir_param *params;
    size_t param_count, param_capacity;
    ir_bound_check *checks;
    size_t check_count, check_capacity;
    ir_graph run, reset;
    unsigned value_count;
    ir_training *training; /* NULL without a loss; of the base model */
    ir_model *base;        /* of training->eval and training->train; else NULL */
};

ir_model *ir_model_new(arena *a, dim_table *dims, const char *name, span where);

/* Appends a node with `input_count` inputs (copied) and the op's number of results, whose types the caller fills in.
 * RECURRENT gets three: a caller whose cell is no LSTM sets result_count to 2. */
ir_node *ir_add(ir_model *m, ir_graph *g, ir_op op, ir_value *const *inputs, unsigned input_count, span where);
/* A RECURRENT gets its `keeps`, and the results that belong to it, with their types. */
void ir_keep(ir_model *m, ir_node *recurrent);
/* How many results a RECURRENT has with these attributes, and which the first is that is kept; how many sums a unit
 * keeps. */
unsigned ir_recurrent_results(const ir_attrs *attrs);
static inline unsigned ir_kept_from(const ir_node *recurrent) { return recurrent->attrs.cell == IR_LSTM ? 3 : 2; }
static inline unsigned ir_kept_sums(ir_cell c) { return c == IR_RNN ? 1 : 4; }
/* The same right behind `after` (NULL: at the front), for passes. */
ir_node *ir_insert(ir_model *m, ir_graph *g, ir_node *after, ir_op op, ir_value *const *inputs, unsigned input_count,
                   span where);
/* A REPEAT at the end of g whose block is filled but for `repeat`: inputs as above, and as many results; types are set.
 */
ir_node *ir_add_repeat(ir_model *m, ir_graph *g, ir_block *block, ir_value *const *inputs, unsigned input_count,
                       unsigned rows, const dim *rounds, unsigned collected, span where);
/* The same right behind `after`. */
ir_node *ir_insert_repeat(ir_model *m, ir_graph *g, ir_node *after, ir_block *block, ir_value *const *inputs,
                          unsigned input_count, unsigned rows, const dim *rounds, unsigned collected, span where);
/* One more result of a REPEAT: what `each`, a value of its body, is in every round. */
ir_value *ir_collect(ir_model *m, ir_node *repeat, ir_value *each);
static inline unsigned ir_rows_of(const ir_node *repeat) { return repeat->attrs.rows; }
static inline unsigned ir_carried_of(const ir_node *repeat) { return repeat->input_count - repeat->attrs.rows; }
static inline unsigned ir_collected_of(const ir_node *repeat) { return repeat->result_count - ir_carried_of(repeat); }
/* The common case: one result of this type. */
ir_value *ir_add_value(ir_model *m, ir_graph *g, ir_op op, ir_value *const *inputs, unsigned input_count,
                       ir_type type, span where);
/* ir_sizes.c: a dim, and the elements of a tensor of this type, at one value for each of the model's symbols (NULL
 * where there are none in it). */
int64_t ir_dim_at(const ir_model *m, const dim *d, const int64_t *dims);
size_t ir_elements_at(const ir_model *m, const ir_type *type, const int64_t *dims);
/* By value id: what the run graph makes of inputs, sizes and numbers alone. */
const bool *ir_made_of_inputs(arena *a, const ir_model *m);
/* The value's constant number if its producer is CONST. */
bool ir_is_const(const ir_value *v, double *number);
/* What layers of the model that do not say how their matrices are kept take for it. */
void ir_weights_default(ir_model *m, ir_weights w);
/* Values that are to be read in place of others: noted while a pass goes through a model, done when it is through, in
 * one walk for all of them. */
typedef struct {
    ir_value **instead; /* by id, up to capacity; NULL: itself */
    size_t capacity;
} ir_replacements;

void ir_replace_later(ir_model *m, ir_replacements *r, const ir_value *from, ir_value *to);
void ir_replace_use(ir_value **use, const ir_replacements *r);
/* And in what is in its block. */
void ir_replace_in_node(const ir_node *n, const ir_replacements *r);
/* Every use: inputs of nodes in all graphs, ends of rounds, outputs, next, init, checks. */
void ir_replace_all(ir_model *m, const ir_replacements *r);

/* ir_clone.c: a model with a run graph of its own (ids from 0), and the same dims, states, params and base reset graph;
 * states have their next values of that graph. of: what of m's run graph came to what of the clone's, by id of m's. */
ir_model *ir_clone(ir_model *m, ir_value ***of);
/* The nodes of a block once more, in another block of the same model. of: by id (as many as the model has values now),
 * the new value in the place of one of the block. */
void ir_clone_body(ir_model *m, const ir_block *from, ir_block *to, ir_value **of);
/* Gives the params of a base model to its training's models, after they changed. */
void ir_share_params(ir_model *m);
/* Unlinks nodes whose results nobody uses; unused results of used nodes stay, and so do sources of inputs and states.
 */
void ir_sweep(ir_model *m);
/* Gives the params that live in the struct their offsets, in ascending order of their keys' bytes; when params no
 * longer change. */
void ir_place_params(ir_model *m);
int64_t ir_living_floats(const ir_model *m); /* of all of them */
int64_t ir_param_elements(const ir_param *p);
/* The params that live in the struct, by offset. */
const ir_param **ir_living_params(arena *a, const ir_model *m, size_t *count);
unsigned ir_moments(const ir_training *t); /* how many floats optimizers keep for each, at most */
/* The graphs that may have PARAM nodes of the base model: reset, run, and the run graphs of its
 * training's models. */
enum { IR_MAX_GRAPHS = 4 };
size_t ir_graphs_of(ir_model *m, ir_graph **graphs);

/* ir_print.c, ir_read.c: the whole model as text, and back. Reading what was printed and printing it again gives the
 * same text. Weights' data is not part of it, and what was read has no places in a .nn file. ir_read makes sure that
 * every value is defined before it is used and that operands and indices are there; the rest is ir_check's.
 * It returns NULL after reporting to `error` (arena text with a line). */
void ir_print(const ir_model *m, text *to);
ir_model *ir_read(arena *a, const char *text_begin, size_t length, const char **error);

/* ir_check.c: NULL when every invariant of ir.h and op.def holds, else what is wrong, in arena text. */
const char *ir_check(arena *a, const ir_model *m);

#endif
