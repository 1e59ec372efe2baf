/* The grammar of .nn files. Actions only call the constructors of compiler/syntax/ast_build.h; no name is looked up
 * and no number computed here. After a syntax error the parser goes on behind the next line end, so that every
 * statement is looked at.
 *
 *     bison -d -o nnc.tab.c nnc.y
 *
 * Tokens come from the layout (compiler/syntax/layout.c): a NEWLINE only where a statement ends, never after { or },
 * words of the language only where a statement begins, and every bracket closed, if need be by the layout itself.
 * The names of tokens in quotes are what the user reads in messages.
 */
%require "3.8"
%define api.pure full
%define api.prefix {nnc_}
%define api.location.type {span}
%define api.value.type union
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param {parser *p}

%code requires {
#include "syntax/ast_build.h"
}

%code {
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"

/* The deepest stack is that of AST_MAX_DEPTH brackets, each with as many signs and powers in front of the next. */
#define YYMAXDEPTH (8 * AST_MAX_DEPTH * AST_MAX_DEPTH)

#define YYLLOC_DEFAULT(current, parts, count)                                                                          \
    (current) = (count) ? (span){YYRHSLOC(parts, 1).begin, YYRHSLOC(parts, count).end}                                 \
                        : (span){YYRHSLOC(parts, 0).end, YYRHSLOC(parts, 0).end}

int nnc_lex(NNC_STYPE *value, span *where, parser *p);
static void nnc_error(span *where, parser *p, const char *message);
}

%token END 0            "the end of the file"
%token NEWLINE          "the end of the line"
%token UNKNOWN          "what is no token"       /* the layout reports it, and makes it INVALID */
%token INVALID          "what is reported already"
%token <ast_name> NAME  "a name"
%token <int64_t> INTEGER "a number"
%token <double> REAL    "a real number"
%token <const char *> STRING "a string"
%token <bool> BOOL      "true or false"
%token NONE             "none"
%token DOTDOT "'..'" ELLIPSIS "'...'" FLOORDIV "'//'" POW "'**'"
%token EQUAL "'=='" NOT_EQUAL "'!='" LESS_EQUAL "'<='" GREATER_EQUAL "'>='"
%token MODEL "'model'" DIM "'dim'" WEIGHTS "'weights'" INPUT "'input'" STATE "'state'" PARAM "'param'"
%token LAYER "'layer'" OUTPUT "'output'" AS "'as'" FROM "'from'" PREFIX "'prefix'"
%token REPEAT "'repeat'" IN "'in'" UNTIL "'until'" COLLECT "'collect'"
%token TARGET "'target'" LOSS "'loss'" TRAIN "'train'"
%token RESERVED         "a reserved word"
%token PYTHON           "a word of Python"

%left EQUAL NOT_EQUAL '<' LESS_EQUAL '>' GREATER_EQUAL
%left '|'
%left '&'
%left '+' '-'
%left '*' '/' FLOORDIV '%' '@'
%precedence NEGATE
%right POW
%precedence '['

%type <ast_stmt_list> statements block
%type <ast_stmt *> statement binding output repeat
%type <ast_type *> type
%type <ast_name> as
%type <ast_from> from prefix
%type <ast_pattern *> pattern_item name_item
%type <ast_pattern_list> pattern name_list
%type <bool> comma
%type <ast_expr *> expr call index_item bound until
%type <ast_expr_list> exprs dims index_items files
%type <ast_argument *> argument
%type <ast_argument_list> arguments argument_list

%%

file
    : %empty
    | file model
    | file statement NEWLINE        { ast_outside(p, $statement); }
    | file repeat                   { ast_outside(p, $repeat); }
    | file reserved_block
    | file '}'                      { ast_stray_brace(p, @2); }
    | file error NEWLINE            { yyerrok; }
    ;

model
    : MODEL NAME block              { ast_add_model(p, @$, $NAME, $block); }
    | MODEL error block             { yyerrok; }
    | MODEL error NEWLINE           { yyerrok; p->model_head_broken = true; }
    ;

block
    : '{' statements '}'            { $$ = $statements; }
    | '{' statements statement '}'  { $$ = ast_add_stmt($statements, $statement); }
    | '{' statements error '}'      { yyerrok; $$ = $statements; }
    ;

statements
    : %empty                            { $$ = (ast_stmt_list){0}; }
    | statements[list] statement NEWLINE { $$ = ast_add_stmt($list, $statement); }
    | statements[list] repeat           { $$ = ast_add_stmt($list, $repeat); }
    | statements[list] reserved_block   { $$ = $list; }
    | statements[list] error NEWLINE    { yyerrok; $$ = $list; }
    ;

statement
    : DIM NAME '=' expr                         { $$ = ast_new_dim(p, @$, $NAME, $expr, NULL); }
    | DIM NAME '=' expr[low] DOTDOT expr[high]  { $$ = ast_new_dim(p, @$, $NAME, $low, $high); }
    | WEIGHTS STRING prefix                     { $$ = ast_new_weights(p, @$, $STRING, @STRING, $prefix); }
    | WEIGHTS files prefix                      { $$ = ast_new_weights_list(p, @$, $files, $prefix); }
    | INPUT NAME ':' type                       { $$ = ast_new_input(p, @$, $NAME, $type); }
    | STATE NAME ':' type                       { $$ = ast_new_state(p, @$, $NAME, $type, NULL); }
    | STATE NAME ':' type '=' expr              { $$ = ast_new_state(p, @$, $NAME, $type, $expr); }
    | PARAM NAME ':' type from                  { $$ = ast_new_param(p, @$, $NAME, $type, $from); }
    | LAYER NAME '=' call as from               { $$ = ast_new_layer(p, @$, $NAME, $call, $as, $from); }
    | OUTPUT output                             { $$ = $output; if ($$) $$->where = @$; }
    | TARGET NAME ':' type                      { $$ = ast_new_target(p, @$, $NAME, $type); }
    | LOSS NAME '=' expr                        { $$ = ast_new_loss(p, @$, $NAME, $expr); }
    | TRAIN call                                { $$ = ast_new_train(p, @$, $call); }
    | COLLECT NAME '=' expr                     { $$ = ast_new_collect(p, @$, $NAME, NULL, $expr); }
    | COLLECT NAME ':' type '=' expr            { $$ = ast_new_collect(p, @$, $NAME, $type, $expr); }
    | binding
    | word word_tail                            { $$ = ast_reject_word_as_name(p, @word); }
    | RESERVED junk                             { $$ = ast_reject_reserved(p, @RESERVED); }
    | PYTHON junk                               { $$ = ast_reject_python(p, @PYTHON); }
    ;

repeat
    : REPEAT name_list[rows] IN exprs until block   { $$ = ast_new_repeat_rows(p, @$, $rows, $exprs, $until, $block); }
    | REPEAT expr until block       { $$ = ast_new_repeat_rounds(p, @$, $expr, $until, $block); }
    | REPEAT error block            { yyerrok; $$ = NULL; }
    | REPEAT error NEWLINE          { yyerrok; $$ = NULL; }
    ;

until
    : %empty        { $$ = NULL; }
    | UNTIL expr    { $$ = $expr; }
    ;

prefix
    : %empty        { $$ = (ast_from){0}; }
    | PREFIX STRING { $$ = (ast_from){$STRING, @STRING, NULL}; }
    ;

output
    : NAME '=' expr             { $$ = ast_new_output(p, @$, $NAME, NULL, $expr); }
    | NAME ':' type '=' expr    { $$ = ast_new_output(p, @$, $NAME, $type, $expr); }
    | name_list comma           { $$ = ast_new_outputs(p, @$, $name_list); }
    ;

name_list
    : name_item                     { $$ = ast_add_pattern((ast_pattern_list){0}, $name_item); }
    | name_list[list] ',' name_item { $$ = ast_add_pattern($list, $name_item); }
    ;

name_item
    : NAME                      { $$ = ast_new_pattern_name(p, @$, $NAME, NULL); }
    ;

binding
    : pattern comma '=' expr    { $$ = ast_new_bind(p, @$, @pattern, $pattern, $comma, $expr); }
    ;

pattern
    : pattern_item                      { $$ = ast_add_pattern((ast_pattern_list){0}, $pattern_item); }
    | pattern[list] ',' pattern_item    { $$ = ast_add_pattern($list, $pattern_item); }
    ;

pattern_item
    : name_item
    | NAME ':' type             { $$ = ast_new_pattern_name(p, @$, $NAME, $type); }
    | '(' pattern comma ')'     { $$ = ast_new_pattern_tuple(p, @$, $pattern, $comma); }
    ;

type
    : NAME '[' dims ']'         { $$ = ast_new_type(p, @$, $NAME, $dims); }
    ;

dims
    : %empty                    { $$ = (ast_expr_list){0}; }
    | exprs comma               { $$ = $exprs; }
    ;

comma
    : %empty                    { $$ = false; }
    | ','                       { $$ = true; }
    ;

expr
    : NAME                      { $$ = ast_new_name(p, $NAME); }
    | INTEGER                   { $$ = ast_new_integer(p, @$, $INTEGER); }
    | REAL                      { $$ = ast_new_real(p, @$, $REAL); }
    | STRING                    { $$ = ast_new_string(p, @$, $STRING); }
    | BOOL                      { $$ = ast_new_bool(p, @$, $BOOL); }
    | NONE                      { $$ = ast_new_none(p, @$); }
    | '(' ')'                   { $$ = ast_new_tuple(p, @$, (ast_expr_list){0}); }
    | '(' exprs comma ')'       { $$ = ast_new_parenthesis(p, @$, $exprs, $comma); }
    | '[' dims ']'              { $$ = ast_new_tuple(p, @$, $dims); }
    | call
    | expr[operand] '[' index_items comma ']'   { $$ = ast_new_index(p, @$, $operand, $index_items); }
    | '-' expr[operand] %prec NEGATE            { $$ = ast_new_unary(p, @$, AST_NEGATE, $operand); }
    | '~' expr[operand] %prec NEGATE            { $$ = ast_new_unary(p, @$, AST_INVERT, $operand); }
    | expr[a] '+' expr[b]       { $$ = ast_new_binary(p, @$, AST_ADD, @2, $a, $b); }
    | expr[a] '-' expr[b]       { $$ = ast_new_binary(p, @$, AST_SUB, @2, $a, $b); }
    | expr[a] '*' expr[b]       { $$ = ast_new_binary(p, @$, AST_MUL, @2, $a, $b); }
    | expr[a] '/' expr[b]       { $$ = ast_new_binary(p, @$, AST_DIV, @2, $a, $b); }
    | expr[a] FLOORDIV expr[b]  { $$ = ast_new_binary(p, @$, AST_FLOORDIV, @2, $a, $b); }
    | expr[a] '%' expr[b]       { $$ = ast_new_binary(p, @$, AST_REMAINDER, @2, $a, $b); }
    | expr[a] '@' expr[b]       { $$ = ast_new_binary(p, @$, AST_MATMUL, @2, $a, $b); }
    | expr[a] POW expr[b]       { $$ = ast_new_binary(p, @$, AST_POW, @2, $a, $b); }
    | expr[a] '&' expr[b]       { $$ = ast_new_binary(p, @$, AST_AND, @2, $a, $b); }
    | expr[a] '|' expr[b]       { $$ = ast_new_binary(p, @$, AST_OR, @2, $a, $b); }
    | expr[a] EQUAL expr[b]     { $$ = ast_new_binary(p, @$, AST_EQUAL, @2, $a, $b); }
    | expr[a] NOT_EQUAL expr[b] { $$ = ast_new_binary(p, @$, AST_NOT_EQUAL, @2, $a, $b); }
    | expr[a] '<' expr[b]       { $$ = ast_new_binary(p, @$, AST_LESS, @2, $a, $b); }
    | expr[a] LESS_EQUAL expr[b]    { $$ = ast_new_binary(p, @$, AST_LESS_EQUAL, @2, $a, $b); }
    | expr[a] '>' expr[b]       { $$ = ast_new_binary(p, @$, AST_GREATER, @2, $a, $b); }
    | expr[a] GREATER_EQUAL expr[b] { $$ = ast_new_binary(p, @$, AST_GREATER_EQUAL, @2, $a, $b); }
    ;

exprs
    : expr                      { $$ = ast_add_expr((ast_expr_list){0}, $expr); }
    | exprs[list] ',' expr      { $$ = ast_add_expr($list, $expr); }
    ;

call
    : NAME '(' arguments ')'    { $$ = ast_new_call(p, @$, $NAME, $arguments); }
    ;

arguments
    : %empty                    { $$ = (ast_argument_list){0}; }
    | argument_list comma       { $$ = $argument_list; }
    ;

argument_list
    : argument                          { $$ = ast_add_argument((ast_argument_list){0}, $argument); }
    | argument_list[list] ',' argument  { $$ = ast_add_argument($list, $argument); }
    ;

argument
    : expr                      { $$ = ast_new_argument(p, @$, (ast_name){0}, $expr); }
    | NAME '=' expr             { $$ = ast_new_argument(p, @$, $NAME, $expr); }
    ;

as
    : %empty        { $$ = (ast_name){0}; }
    | AS NAME       { $$ = $NAME; }
    ;

from
    : %empty        { $$ = (ast_from){0}; }
    | FROM STRING   { $$ = (ast_from){$STRING, @STRING, NULL}; }
    | FROM '(' argument_list comma ')'  { $$ = ast_new_from_keys(p, @$, $argument_list); }
    ;

index_items
    : index_item                        { $$ = ast_add_expr((ast_expr_list){0}, $index_item); }
    | index_items[list] ',' index_item  { $$ = ast_add_expr($list, $index_item); }
    ;

index_item
    : expr
    | ELLIPSIS                                      { $$ = ast_new_ellipsis(p, @$); }
    | bound[low] ':' bound[high]                    { $$ = ast_new_slice(p, @$, $low, $high, NULL); }
    | bound[low] ':' bound[high] ':' bound[step]    { $$ = ast_new_slice(p, @$, $low, $high, $step); }
    ;

bound
    : %empty                    { $$ = NULL; }
    | expr
    ;

files
    : '(' exprs comma ')'       { $$ = $exprs; }
    ;

/* What can only be an error, but one that deserves words of its own. */

word
    : MODEL | DIM | WEIGHTS | INPUT | STATE | PARAM | LAYER | OUTPUT | REPEAT
    ;

word_tail
    : '=' expr
    | ':' type '=' expr
    | ',' pattern comma '=' expr
    ;

reserved_block
    : RESERVED junk block       { ast_reject_reserved(p, @RESERVED); }
    ;

junk
    : %empty
    | junk junk_token
    ;

junk_token
    : NAME | INTEGER | REAL | STRING | BOOL | NONE | INVALID | DOTDOT | ELLIPSIS | FLOORDIV | POW
    | '(' | ')' | '[' | ']' | ',' | ':' | '=' | '+' | '-' | '*' | '/' | '%' | '@' | '&' | '|' | '~' | '<' | '>'
    | EQUAL | NOT_EQUAL | LESS_EQUAL | GREATER_EQUAL
    ;

%%

static int yyreport_syntax_error(const yypcontext_t *context, parser *p)
{
    yysymbol_kind_t kinds[YYNTOKENS];
    const char *names[YYNTOKENS];
    int count = yypcontext_expected_tokens(context, kinds, YYNTOKENS);
    if (count < 0) count = 0; /* no memory to find out */
    for (int i = 0; i < count; i++) names[i] = yysymbol_name(kinds[i]);
    syntax_error(p, names, (size_t)count);
    return 0;
}

/* Only "memory exhausted" comes here. */
static void nnc_error(span *where, parser *p, const char *message)
{
    diag_error(p->diags, *where, "the parser gave up here: %s", message);
}
