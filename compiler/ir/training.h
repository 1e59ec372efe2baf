/* training: what a model with a `loss` has beside the graph that it runs.
 *
 * The contract between modes, differentiate and plan. Lowering makes one graph of all that the .nn file says; targets
 * are inputs of it, `grad(l, v)` is a GRAD node, an active dropout is a DROPOUT node. passes/modes.c divides it into
 * three models, each an ir_model with a run graph, states, outputs and checks of its own, so that every pass and the
 * planner take each of them like any other model:
 *
 *     the model      NAME_run    outputs that need no target, no loss and no gradient
 *     training->eval NAME_eval   inputs: the model's, then the targets; one output, the loss; no dropout
 *     training->train NAME_grad  and NAME_train; the same inputs; outputs: the loss, then the outputs of training (and
 *                                no others). Before differentiate.c it has the forward part, with DROPOUT, statistics
 *                                of the batch, and GRAD nodes (input 0 is the loss, input 1 is v; the result has v's
 *                                type); this is what the interpreter evaluates on dual numbers.
 *
 * The three share the dim table, the states (by index) and the params (m->params is one array, which only
 * ir_share_params replaces); ids of values are each model's own. The reset graph is the base model's alone.
 *
 * differentiate.c works on training->train, whose first output is the loss: it appends the backward part, replaces GRAD
 * nodes and ends with sinks, nodes without results (ir_sweep keeps them): ACCUMULATE, WEIGHT_GRAD, EMBEDDING_GRAD add
 * to the gradient of param attrs.index; UPDATE (of modes.c) leaves a value in it (a running statistic). With at_once
 * the struct keeps no gradients: they are scratch until the param's STEP, and an EMBEDDING_GRAD with attrs.sparse moves
 * the rows themselves.
 *
 * A param with `trained` or `moving` lives in the struct: in memory (plan place PLAN_TRAINED) in self->parameters, its
 * gradient (PLAN_GRADIENT) at the same place of self->gradients; row-major, or packed as kernels read it
 * (plan/params.h). Callers see it at ir_param.offset, row-major: offsets follow the order of the keys.
 */
#ifndef NNC_IR_TRAINING_H
#define NNC_IR_TRAINING_H

#include "support/diag.h"

#include <stdint.h>

typedef struct ir_model ir_model;
typedef struct ir_value ir_value;

typedef enum { IR_SGD, IR_ADAM, IR_ADAMW, IR_RMSPROP } ir_rule;

/* A `train` statement that names an optimizer: a param group of torch. */
typedef struct {
    ir_rule rule;
    double lr, momentum, dampening, weight_decay, beta1, beta2, eps, alpha;
    bool nesterov, maximize, amsgrad, centered;
    span where;
} ir_optimizer;

/* `train clip_grad_norm_(…)`, `train clip_grad_value_(…)`; done in order. */
typedef struct {
    bool by_value;
    double limit;     /* max_norm, clip_value */
    double norm_type; /* may be infinity */
    bool error_if_nonfinite;
    span where;
} ir_clip;

/* How NAME_init draws a param. */
typedef enum { IR_INIT_NONE, IR_INIT_UNIFORM, IR_INIT_NORMAL, IR_INIT_CONSTANT } ir_init_kind;

typedef struct {
    ir_init_kind kind;
    double number;    /* UNIFORM: the bound; CONSTANT */
    int64_t zero_row; /* NORMAL: of padding_idx; -1: none */
} ir_init;

typedef struct {
    const char *loss_name;
    span loss_where;
    ir_value *loss;   /* of the lowered graph; then of train */
    ir_optimizer *optimizers;
    size_t optimizer_count, optimizer_capacity;
    ir_clip *clips;
    size_t clip_count, clip_capacity;
    unsigned dropouts; /* sites */
    int64_t tape; /* --train-tape=K: of recurrent layers every K-th step is kept, and those between computed again; 0:
                     all are */
    bool train_only;   /* --train-api=train, or a sparse Embedding: no grad, step and get_grads */
    bool at_once;      /* and no clipping asks for all gradients: each param takes its STEP when its own is complete */
    ir_model *eval, *train; /* NULL until modes.c divided the model */
} ir_training;

#endif
