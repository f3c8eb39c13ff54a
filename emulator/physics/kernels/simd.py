"""Sixteen channels side by side: vectors of float32, float64 and unsigned 32-bit words as values inside kernels.

A recursion cannot run faster than its own feedback; sixteen at once can, and a compiler does not find that in a loop
over channels. Here a vector is a numba type whose values are LLVM vectors: one AVX-512 register, two of AVX2, four of
NEON. `+ - *` and, on words, `^ & |` and shifts work lane by lane. Nothing is reordered or fused unasked, so a lane's
bits depend on that lane's numbers only. Without the compiler (NUMBA_DISABLE_JIT) the same names work on numpy arrays.
"""

import operator

import numba
import numpy as np

LANES = 16
HALF = 8  # for stages that keep many vectors at once: sixteen registers of AVX2 hold them


def _plain():
    """Give the operations on numpy arrays."""

    def load(a, i):
        return a[i : i + LANES].copy()

    def store(a, i, v):
        a[i : i + LANES] = v

    def load_half(a, i):
        return a[i : i + HALF].copy()

    def store_half(a, i, v):
        a[i : i + HALF] = v

    def splat(x):
        return np.full(LANES, x, np.asarray(x).dtype)

    def fma(x, y, z):
        wide = np.float64 if x.dtype == np.float32 else np.longdouble
        return (x.astype(wide) * y + z).astype(x.dtype)

    def fnma(x, y, z):
        return fma(-x, y, z)

    def lower(x, y):
        return np.where(x < y, x, y)

    def upper(x, y):
        return np.where(x > y, x, y)

    def pick_lt(a, b, x, y):
        return np.where(a < b, x, y)

    def divide(x, y):
        with np.errstate(all="ignore"):
            return x / y

    def narrow(x):
        return x.astype(np.float32)

    def widen(x):
        return x.astype(np.float64)

    def bits(x):
        return x.view(np.uint32)

    def as_float(x):
        return x.view(np.float32)

    def to_float(x):
        return x.view(np.int32).astype(np.float32)

    return (
        load, store, load_half, store_half, splat, fma, fnma, divide, lower, upper, pick_lt,
        np.abs, np.sqrt, np.rint, np.copysign, narrow, widen, bits, as_float, to_float,
    )  # fmt: skip


def _compiled():
    """Give the operations as LLVM vector instructions."""
    from llvmlite import ir
    from numba.core import cgutils, types
    from numba.core.datamodel import models
    from numba.core.extending import intrinsic, lower_builtin, register_model
    from numba.core.typing.templates import AbstractTemplate, infer_global, signature

    class Lanes(types.Type):
        """Sixteen numbers of one kind, or eight."""

        def __init__(self, dtype, count=LANES):
            self.dtype, self.count = dtype, count
            super().__init__(name=f"Lanes({dtype}, {count})")

        @property
        def key(self):
            return self.dtype, self.count

    scalar = {types.float32: ir.FloatType(), types.float64: ir.DoubleType(), types.uint32: ir.IntType(32)}
    suffix = {types.float32: "f32", types.float64: "f64"}

    def shape(dtype, count=LANES):
        return ir.VectorType(scalar[dtype], count)

    @register_model(Lanes)
    class _Model(models.PrimitiveModel):
        def __init__(self, dmm, fe_type):
            super().__init__(dmm, fe_type, shape(fe_type.dtype, fe_type.count))

    def operate(symbol, on_floats, on_words):
        @infer_global(symbol)
        class _Typed(AbstractTemplate):
            def generic(self, args, kws):
                left, right = args
                if isinstance(left, Lanes) and left == right:
                    return signature(left, left, right)
                return None

        @lower_builtin(symbol, Lanes, Lanes)
        def _lowered(context, builder, sig, args):
            name = on_words if sig.args[0].dtype == types.uint32 else on_floats
            return getattr(builder, name)(*args)

    for symbol, on_floats, on_words in (
        (operator.add, "fadd", "add"), (operator.sub, "fsub", "sub"), (operator.mul, "fmul", "mul"),
        (operator.xor, "", "xor"), (operator.and_, "", "and_"), (operator.or_, "", "or_"),
        (operator.rshift, "", "lshr"), (operator.lshift, "", "shl"),
    ):  # fmt: skip
        operate(symbol, on_floats, on_words)

    def pointer(context, builder, sig, args, dtype, count):
        array = context.make_array(sig.args[0])(context, builder, args[0])
        return builder.bitcast(builder.gep(array.data, [args[1]]), shape(dtype, count).as_pointer())

    def aligned(dtype):
        return 8 if dtype == types.float64 else 4  # arrays promise no more than their items' alignment

    def loading(count):
        @intrinsic
        def load(typing, a, i):
            def code(context, builder, sig, args):
                at = pointer(context, builder, sig, args, a.dtype, count)
                return builder.load(at, align=aligned(a.dtype))

            return Lanes(a.dtype, count)(a, types.intp), code

        return load

    def storing(count):
        @intrinsic
        def store(typing, a, i, v):
            def code(context, builder, sig, args):
                at = pointer(context, builder, sig, args, a.dtype, count)
                builder.store(args[2], at, align=aligned(a.dtype))
                return context.get_dummy_value()

            return types.void(a, types.intp, v), code

        return store

    @intrinsic
    def splat(typing, x):
        def code(context, builder, sig, args):
            undefined, word = ir.Constant(shape(x), ir.Undefined), ir.IntType(32)
            first = builder.insert_element(undefined, args[0], ir.Constant(word, 0))
            return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(word, LANES), [0] * LANES))

        return Lanes(x)(x), code

    def named(name, count):
        def code(context, builder, sig, args):
            kind, wide = sig.args[0].dtype, sig.args[0].count
            function = ir.FunctionType(shape(kind, wide), [shape(kind, wide)] * count)
            found = cgutils.get_or_insert_function(builder.module, function, f"{name}.v{wide}{suffix[kind]}")
            return builder.call(found, args)

        return code

    @intrinsic
    def fma(typing, x, y, z):
        return x(x, y, z), named("llvm.fma", 3)

    @intrinsic
    def fnma(typing, x, y, z):
        def code(context, builder, sig, args):
            return named("llvm.fma", 3)(context, builder, sig, [builder.fneg(args[0]), args[1], args[2]])

        return x(x, y, z), code

    @intrinsic
    def copysign(typing, x, y):
        return x(x, y), named("llvm.copysign", 2)

    def unary(name):
        @intrinsic
        def function(typing, x):
            return x(x), named(name, 1)

        return function

    @intrinsic
    def divide(typing, x, y):
        return x(x, y), lambda context, builder, sig, args: builder.fdiv(*args)

    def better(relation):
        @intrinsic
        def function(typing, x, y):
            def code(context, builder, sig, args):
                return builder.select(builder.fcmp_ordered(relation, *args), *args)

            return x(x, y), code

        return function

    @intrinsic
    def pick_lt(typing, a, b, x, y):
        def code(context, builder, sig, args):
            return builder.select(builder.fcmp_ordered("<", args[0], args[1]), args[2], args[3])

        return x(a, b, x, y), code

    def cast(instruction, to):
        @intrinsic
        def function(typing, x):
            return Lanes(to)(x), lambda context, builder, sig, args: getattr(builder, instruction)(args[0], shape(to))

        return function

    return (
        loading(LANES), storing(LANES), loading(HALF), storing(HALF), splat, fma, fnma, divide,
        better("<"), better(">"), pick_lt,
        unary("llvm.fabs"), unary("llvm.sqrt"), unary("llvm.rint"), copysign,
        cast("fptrunc", types.float32), cast("fpext", types.float64),
        cast("bitcast", types.uint32), cast("bitcast", types.float32), cast("sitofp", types.float32),
    )  # fmt: skip


# load(a, i): a[i:i+16] of a flat array; store(a, i, v); load_half, store_half: the same of eight; splat(x): x in every
# lane; fma(x, y, z): x*y + z rounded once; fnma(x, y, z): z - x*y rounded once; lower, upper: smaller and larger (the
# second where either is NaN); pick_lt(a, b, x, y): x where a < b, else y; narrow, widen: float64 to float32 and back;
# bits, as_float: the same 32 bits; to_float: the value of a word below 2**31.
(
    load, store, load_half, store_half, splat, fma, fnma, divide, lower, upper, pick_lt, vabs, vsqrt, vrint, copysign,
    narrow, widen, bits, as_float, to_float,
) = _plain() if numba.config.DISABLE_JIT else _compiled()  # fmt: skip
