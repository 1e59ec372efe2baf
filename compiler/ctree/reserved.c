/* reserved: names that C, C++, their headers or the interface have taken. */
#include "ctree/reserved.h"

#include <ctype.h>
#include <string.h>

/* Keywords of C (to C23) and C++ (to C++23), names that headers of the interface define, and macros that compilers
 * predefine in their default modes. */
static const char reserved[] =
    " self scratch memcpy memset NULL NAN INFINITY EOF errno assert main nnc_status size_t ptrdiff_t int8_t int16_t "
    "int32_t int64_t uint8_t uint16_t uint32_t uint64_t intptr_t uintptr_t intmax_t uintmax_t wchar_t wint_t "
    "float_t double_t locale_t sig_atomic_t ssize_t offsetof max_align_t nullptr_t "
    "linux unix i386 vax sun mips arm near far small interface IN OUT I min max auto break case char const "
    "continue default do double else enum extern float for goto if inline int long register restrict return "
    "short signed sizeof static struct switch typedef union unsigned void volatile while alignas alignof bool "
    "constexpr false nullptr static_assert thread_local true typeof typeof_unqual asm fortran complex "
    "imaginary noreturn and and_eq bitand bitor catch char8_t char16_t char32_t class compl concept consteval "
    "constinit const_cast co_await co_return co_yield decltype delete dynamic_cast explicit export friend "
    "mutable namespace new noexcept not not_eq operator or or_eq private protected public reinterpret_cast "
    "requires static_cast template this throw try typeid typename using virtual xor xor_eq ";

/* Functions of the headers that generated code includes, and C++'s namespace: no type may be called so. */
static const char library[] =
    " std "
    "memchr memcmp memcpy memmove memset strcat strchr strcmp strcoll strcpy strcspn strerror strlen strncat strncmp "
    "strncpy strpbrk strrchr strspn strstr strtok strxfrm acos acosh asin asinh atan atan2 atanh cbrt ceil copysign "
    "cos "
    "cosh erf erfc exp exp2 expm1 fabs fdim floor fma fmax fmin fmod frexp hypot ilogb ldexp lgamma llrint llround log "
    "log10 log1p log2 logb lrint lround modf nan nearbyint nextafter nexttoward pow remainder remquo rint round "
    "scalbln "
    "scalbn sin sinh sqrt tan tanh tgamma trunc j0 j1 jn y0 y1 yn gamma drem significand finite isinf isnan scalb "
    "index rindex bcmp bcopy bzero ffs strdup strndup strsep stpcpy stpncpy strsignal strtok_r strlcpy strlcat memccpy "
    "mempcpy memmem memrchr rawmemchr strchrnul basename exp10 sincos "
    /* <stdlib.h> and <sys/types.h>, which x86's vectors include */
    "qsort_r rand_r reallocarray strtoq "
    "strtouq aligned_alloc quick_exit at_quick_exit on_exit a64l l64a random "
    "random_r srandom srandom_r initstate initstate_r setstate setstate_r drand48 drand48_r erand48 erand48_r lrand48 "
    "lrand48_r nrand48 nrand48_r mrand48 mrand48_r jrand48 jrand48_r srand48 srand48_r seed48 seed48_r lcong48 "
    "lcong48_r alloca posix_memalign valloc clearenv mktemp mkstemp mkstemps mkdtemp realpath ecvt fcvt gcvt ecvt_r "
    "fcvt_r qecvt qfcvt qgcvt qecvt_r qfcvt_r getsubopt rpmatch putenv setenv unsetenv getloadavg select pselect uint "
    "ushort ulong quad_t u_quad_t u_char u_short u_int u_long u_int8_t u_int16_t u_int32_t u_int64_t id_t dev_t ino_t "
    "mode_t off_t pid_t uid_t gid_t key_t daddr_t caddr_t clock_t time_t timer_t clockid_t fsid_t loff_t nlink_t "
    "register_t suseconds_t fd_set fd_mask blkcnt_t blksize_t fsblkcnt_t fsfilcnt_t sigset_t div_t ldiv_t lldiv_t "
    "random_data drand48_data timeval timespec pthread_t arc4random arc4random_buf arc4random_uniform ";

/* Functions and types of the other headers of C, which a program may include beside the model's; fclose, which glibc's
 * <wchar.h> names too, in an attribute. */
static const char hosted[] =
    " "
    "FILE btowc c16rtomb c32rtomb cabs cacos cacosh call_once carg casin casinh catan "
    "catanh ccos ccosh cexp cimag clog cnd_broadcast cnd_destroy cnd_init "
    "cnd_signal cnd_t cnd_timedwait cnd_wait conj cpow cproj creal csin csinh csqrt ctan ctanh "
    "fclose feclearexcept fegetenv fegetexceptflag fegetround feholdexcept "
    "fenv_t feraiseexcept fesetenv fesetexceptflag fesetround fetestexcept "
    "feupdateenv fexcept_t fgetwc fgetws fpos_t "
    "fputwc fputws fwide fwprintf fwscanf "
    "gets getwc getwchar imaxabs imaxdiv imaxdiv_t "
    "iswalnum iswalpha iswblank "
    "iswcntrl iswctype iswdigit iswgraph iswlower iswprint iswpunct iswspace iswupper iswxdigit "
    "jmp_buf longjmp mbrlen mbrtoc16 mbrtoc32 mbrtowc mbsinit "
    "mbsrtowcs mbstate_t mtx_destroy mtx_init mtx_lock mtx_t mtx_timedlock mtx_trylock "
    "mtx_unlock once_flag putwc putwchar "
    "setjmp stderr stdin "
    "stdout strtoimax strtoumax swprintf swscanf thrd_create thrd_current thrd_detach "
    "thrd_equal thrd_exit thrd_join thrd_sleep thrd_t thrd_yield timespec_get "
    "towctrans towlower towupper tss_create tss_delete tss_get tss_set "
    "tss_t ungetwc va_list vfwprintf vfwscanf "
    "vswprintf vswscanf vwprintf vwscanf wcrtomb wcscat wcschr wcscmp wcscoll "
    "wcscpy wcscspn wcsftime wcslen wcsncat wcsncmp wcsncpy wcspbrk wcsrchr wcsrtombs wcsspn "
    "wcsstr wcstod wcstof wcstoimax wcstok wcstol wcstold wcstoll wcstoul wcstoull wcstoumax "
    "wcsxfrm wctob wctrans wctrans_t wctype wctype_t wmemchr wmemcmp wmemcpy wmemmove wmemset "
    "wprintf wscanf ";

/* Functions of headers that a program often includes beside a model's and that generated code does not call. A model
 * may be called so: see c_function_header. */
static const struct {
    const char *header, *functions;
} called[] = {
    {"stdlib.h",
     " abort abs atexit atof atoi atol atoll bsearch calloc div exit free getenv labs ldiv llabs "
     "lldiv malloc mblen mbstowcs mbtowc qsort rand realloc srand strtod strtof strtol strtold "
     "strtoll strtoul strtoull system wcstombs wctomb "},
    {"stdio.h",
     " clearerr feof ferror fflush fgetc fgetpos fgets fopen fprintf fputc fputs fread "
     "freopen fscanf fseek fsetpos ftell fwrite getc getchar perror printf putc putchar puts "
     "remove rename rewind scanf setbuf setvbuf snprintf sprintf sscanf tmpfile tmpnam ungetc "
     "vfprintf vfscanf vprintf vscanf vsnprintf vsprintf vsscanf "},
    {"time.h",
     " asctime clock ctime difftime gmtime localtime mktime strftime time "},
    {"signal.h",
     " raise signal "},
    {"locale.h",
     " localeconv setlocale "},
    {"ctype.h",
     " isalnum isalpha isblank iscntrl isdigit isgraph islower isprint ispunct isspace isupper "
     "isxdigit tolower toupper "},
};

static bool is_word_of(const char *words, const char *name) {
    size_t n = strlen(name);
    for (const char *word = strstr(words, name); word; word = strstr(word + 1, name))
        if (word[-1] == ' ' && word[n] == ' ') return true;
    return false;
}

/* NAME_MIN and NAME_MAX are macros of standard headers and POSIX's, which a program may include beside the model's. */
static const char limits[] =
    " INT_LEAST8 INT_LEAST16 INT_LEAST32 INT_LEAST64 UINT_LEAST8 UINT_LEAST16 UINT_LEAST32 UINT_LEAST64 INT_FAST8 "
    "INT_FAST16 INT_FAST32 INT_FAST64 UINT_FAST8 UINT_FAST16 UINT_FAST32 UINT_FAST64 SIG_ATOMIC LONG_LONG ULONG_LONG "
    "FLT_TRUE DBL_TRUE LDBL_TRUE MB_LEN MB_CUR AIO_LISTIO AIO_PRIO_DELTA BC_BASE BC_DIM BC_SCALE BC_STRING "
    "CHARCLASS_NAME COLL_WEIGHTS EXPR_NEST HOST_NAME LOGIN_NAME MQ_OPEN MQ_PRIO NL_LANG NL_TEXT PTHREAD_KEYS "
    "PTHREAD_STACK PTHREAD_THREADS RE_DUP SEM_NSEMS SEM_VALUE SS_REPL SYMLOOP TTY_NAME XATTR_LIST XATTR_NAME "
    "XATTR_SIZE ";

/* Types of <stdint.h>. */
static bool is_integer_type(const char *name) {
    size_t n = strlen(name);
    bool least = strncmp(name, "int_", 4) == 0 || strncmp(name, "uint_", 5) == 0;
    return least && n > 2 && strcmp(name + n - 2, "_t") == 0;
}

/* Macros of <stdint.h> and <math.h>, by how they begin and end. */
static bool is_header_macro(const char *name) {
    static const char *const prefixes[] = {"INT",     "UINT",     "SIZE_", "PTRDIFF_",  "SIG_ATOMIC_", "WCHAR_",
                                           "WINT_",   "HUGE",     "FP_",   "M_",        "MATH_",       "math_",
                                           "X_TLOSS", "DOMAIN",   "SING",  "OVERFLOW",  "UNDERFLOW",   "TLOSS",
                                           "PLOSS",   "MAXFLOAT", "SNAN",  "FLT_EVAL_", "LLONG_",      "ULLONG_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) return true;
    return false;
}

bool c_is_reserved(const char *name) {
    if (is_word_of(reserved, name) || is_header_macro(name) || is_integer_type(name)) return true;
    /* reserved for the implementation: _X and names with two underscores */
    return strstr(name, "__") || (name[0] == '_' && isupper((unsigned char)name[1])) || strncmp(name, "nnc_", 4) == 0 ||
           strncmp(name, "NNC_", 4) == 0;
}

/* A type's name must not be a function's, or those of its float and long double forms (of <complex.h>'s, too); nnc_ is
 * the runtime's. */
bool c_is_reserved_type(arena *a, const char *name) {
    size_t n = strlen(name);
    if (c_is_reserved(name) || is_word_of(library, name) || is_word_of(hosted, name)) return true;
    if (strcmp(name, "nnc") == 0) return true;
    if (strncmp(name, "pthread_", 8) == 0) return true;
    if (n < 2 || (name[n - 1] != 'f' && name[n - 1] != 'l')) return false;
    const char *double_form = arena_strndup(a, name, n - 1);
    return is_word_of(library, double_form) || (name[0] == 'c' && is_word_of(hosted, double_form));
}

const char *c_function_header(const char *name) {
    for (size_t i = 0; i < sizeof called / sizeof *called; i++)
        if (is_word_of(called[i].functions, name)) return called[i].header;
    return NULL;
}

bool c_is_limit(const char *macro) { return is_word_of(limits, macro) || strncmp(macro, "_POSIX", 6) == 0; }
