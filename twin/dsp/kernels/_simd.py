"""Sixteen channels side by side: vector values that kernels can hold in variables.

A recursive filter cannot go faster than its own feedback, whatever the compiler does; sixteen channels at once
can. LLVM's auto-vectoriser does not find this in a loop over channels, so the vectors are made explicit: a numba
type whose values are LLVM vectors of 16 float32 (one AVX-512 register, two of AVX2, four of NEON) or 16 float64.
Variables of this type stay in registers; `+ - *` work on them; nothing is reordered or fused behind our back,
so results depend on nothing but the input. Where the compiler is switched off (NUMBA_DISABLE_JIT) the same names
work on numpy arrays of 16.
"""

import operator

import numba
import numpy as np

LANES = 16


def _plain():
    """Give the same operations on numpy arrays, for runs without the compiler."""

    def load(a, i):
        return a[i : i + LANES].copy()

    def store(a, i, v):
        a[i : i + LANES] = v

    def splat(x):
        return np.full(LANES, x, dtype=np.asarray(x).dtype)

    def fma(x, y, z):
        exact = x.astype(np.float64) * y.astype(np.float64) + z.astype(np.float64)
        return exact.astype(x.dtype)

    def fma1(x, y, z):
        return x * y + z

    def hsum(x):
        while x.size > 1:
            x = x[: x.size // 2] + x[x.size // 2 :]
        return x[0]

    def hmin(x):
        return np.fmin.reduce(x)

    def hmax(x):
        return np.fmax.reduce(x)

    def pick_lt(a, b, x, y):
        return np.where(a < b, x, y)

    def pick_eq(a, b, x, y):
        return np.where(a == b, x, y)

    def lower(x, y):
        return np.where(x < y, x, y)

    def upper(x, y):
        return np.where(x > y, x, y)

    def ahead(a, i):
        pass

    def widen(x):
        return x.astype(np.float64)

    def narrow(x):
        return x.astype(np.float32)

    return (
        load, store, ahead, splat, fma, fma1, hsum, hmin, hmax, pick_lt, pick_eq, lower, upper, np.abs, np.sqrt,
        widen, narrow,
    )  # fmt: skip


def _compiled():
    """Give the operations as LLVM vector instructions."""
    from llvmlite import ir
    from numba.core import cgutils, types
    from numba.core.datamodel import models
    from numba.core.extending import intrinsic, lower_builtin, register_model
    from numba.core.typing.templates import AbstractTemplate, infer_global, signature

    class Vector(types.Type):
        """Sixteen numbers of one kind."""

        def __init__(self, dtype):
            self.dtype = dtype
            super().__init__(name=f"Vector({dtype})")

        @property
        def key(self):
            return self.dtype

    def llvm(dtype, lanes=LANES):
        return ir.VectorType(ir.FloatType() if dtype == types.float32 else ir.DoubleType(), lanes)

    @register_model(Vector)
    class _Model(models.PrimitiveModel):
        def __init__(self, dmm, fe_type):
            super().__init__(dmm, fe_type, llvm(fe_type.dtype))

    def operate(symbol, instruction):
        @infer_global(symbol)
        class _Typed(AbstractTemplate):
            def generic(self, args, kws):
                left, right = args
                if isinstance(left, Vector) and left == right:
                    return signature(left, left, right)
                return None

        @lower_builtin(symbol, Vector, Vector)
        def _lowered(context, builder, sig, args):
            return getattr(builder, instruction)(*args)

    for symbol, instruction in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul")):
        operate(symbol, instruction)

    def pointer(context, builder, sig, args, vector):
        array = context.make_array(sig.args[0])(context, builder, args[0])
        return builder.bitcast(builder.gep(array.data, [args[1]]), llvm(vector.dtype).as_pointer())

    def aligned(dtype):
        return 4 if dtype == types.float32 else 8  # arrays promise no more than their items' alignment

    @intrinsic
    def load(typing, a, i):
        vector = Vector(a.dtype)

        def code(context, builder, sig, args):
            return builder.load(pointer(context, builder, sig, args, vector), align=aligned(a.dtype))

        return vector(a, types.intp), code

    @intrinsic
    def store(typing, a, i, v):
        def code(context, builder, sig, args):
            builder.store(args[2], pointer(context, builder, sig, args, v), align=aligned(a.dtype))
            return context.get_dummy_value()

        return types.void(a, types.intp, v), code

    @intrinsic
    def ahead(typing, a, i):
        def code(context, builder, sig, args):
            array = context.make_array(sig.args[0])(context, builder, args[0])
            byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
            place = builder.bitcast(builder.gep(array.data, [args[1]]), byte)
            function = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
            fetch = cgutils.get_or_insert_function(builder.module, function, "llvm.prefetch.p0i8")
            # to read, to be kept, data
            builder.call(fetch, [place, ir.Constant(word, 0), ir.Constant(word, 3), ir.Constant(word, 1)])
            return context.get_dummy_value()

        return types.void(a, types.intp), code

    @intrinsic
    def splat(typing, x):
        vector = Vector(x)

        def code(context, builder, sig, args):
            shape = llvm(x)
            undefined = ir.Constant(shape, ir.Undefined)
            index = ir.IntType(32)
            first = builder.insert_element(undefined, args[0], ir.Constant(index, 0))
            return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(index, LANES), [0] * LANES))

        return vector(x), code

    def call(builder, name, dtype, args):
        shape = llvm(dtype)
        bits = "f32" if dtype == types.float32 else "f64"
        function = ir.FunctionType(shape, [shape] * len(args))
        return builder.call(cgutils.get_or_insert_function(builder.module, function, f"{name}.v{LANES}{bits}"), args)

    @intrinsic
    def fma(typing, x, y, z):
        return x(x, y, z), lambda context, builder, sig, args: call(builder, "llvm.fma", x.dtype, args)

    @intrinsic
    def fma1(typing, x, y, z):
        def code(context, builder, sig, args):
            double = ir.DoubleType()
            function = ir.FunctionType(double, [double] * 3)
            return builder.call(cgutils.get_or_insert_function(builder.module, function, "llvm.fma.f64"), args)

        return types.float64(types.float64, types.float64, types.float64), code

    def unary(name):
        @intrinsic
        def function(typing, x):
            return x(x), lambda context, builder, sig, args: call(builder, name, x.dtype, args)

        return function

    def across(join):
        @intrinsic
        def function(typing, x):
            def code(context, builder, sig, args):
                value, lanes, index = args[0], LANES, ir.IntType(32)
                while lanes > 1:
                    lanes //= 2
                    halves = [
                        builder.shuffle_vector(
                            value,
                            ir.Constant(value.type, ir.Undefined),
                            ir.Constant(ir.VectorType(index, lanes), list(range(start, start + lanes))),
                        )
                        for start in (0, lanes)
                    ]
                    value = join(builder, *halves)
                return builder.extract_element(value, ir.Constant(index, 0))

            return x.dtype(x), code

        return function

    def chosen(relation):
        return lambda builder, x, y: builder.select(builder.fcmp_ordered(relation, x, y), x, y)

    def pick(relation):
        @intrinsic
        def function(typing, a, b, x, y):
            def code(context, builder, sig, args):
                return builder.select(builder.fcmp_ordered(relation, args[0], args[1]), args[2], args[3])

            return x(a, b, x, y), code

        return function

    def better(relation):
        @intrinsic
        def function(typing, x, y):
            def code(context, builder, sig, args):
                return builder.select(builder.fcmp_ordered(relation, args[0], args[1]), args[0], args[1])

            return x(x, y), code

        return function

    @intrinsic
    def widen(typing, x):
        return Vector(types.float64)(x), lambda context, builder, sig, args: builder.fpext(args[0], llvm(types.float64))

    @intrinsic
    def narrow(typing, x):
        return Vector(types.float32)(x), lambda context, builder, sig, args: builder.fptrunc(
            args[0], llvm(types.float32)
        )

    return (
        load, store, ahead, splat, fma, fma1, across(lambda builder, x, y: builder.fadd(x, y)), across(chosen("<")),
        across(chosen(">")), pick("<"), pick("=="), better("<"), better(">"),
        unary("llvm.fabs"), unary("llvm.sqrt"), widen, narrow,
    )  # fmt: skip


# load(a, i): a[i:i+16] of a flat array; store(a, i, v); ahead(a, i): fetch a[i] into the cache; splat(x): x in every
# lane; fma(x, y, z) = x*y + z rounded once, fma1 for plain float64; hsum, hmin, hmax(x): sum, smallest, largest of the
# lanes, halves upon halves; pick_lt(a, b, x, y): x where a < b, else y, and so pick_eq (any NaN: y); lower, upper:
# smaller and larger of two (the second where either is NaN); widen, narrow: float32 to float64 and back.
load, store, ahead, splat, fma, fma1, hsum, hmin, hmax, pick_lt, pick_eq, lower, upper, vabs, vsqrt, widen, narrow = (
    _plain() if numba.config.DISABLE_JIT else _compiled()
)
