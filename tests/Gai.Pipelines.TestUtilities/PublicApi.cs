using System.Globalization;
using System.Reflection;
using System.Text;

namespace Gai.Pipelines.TestUtilities;

/// <summary>Writes down what an assembly offers in public, and compares it with a file that is checked in.</summary>
/// <remarks>One line a member, sorted, so that a change of the API is a readable difference in a review.</remarks>
public static class PublicApi
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly NullabilityInfoContext Nullability = new();

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(char)] = "char",
        [typeof(double)] = "double",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
    };

    /// <summary>Compares; with <c>UPDATE_PUBLIC_API=1</c> in the environment it writes the file instead.</summary>
    /// <param name="assembly">The assembly.</param>
    /// <param name="file">The checked-in file.</param>
    /// <returns><see langword="null"/> if they agree, otherwise what differs and what to do.</returns>
    public static string? Compare(Assembly assembly, string file)
    {
        string[] actual = [.. Describe(assembly)];
        if (Environment.GetEnvironmentVariable("UPDATE_PUBLIC_API") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, string.Join('\n', actual) + "\n");
            return null;
        }

        string[] known = File.Exists(file) ? File.ReadAllLines(file) : [];
        if (actual.SequenceEqual(known, StringComparer.Ordinal))
        {
            return null;
        }

        var report = new StringBuilder();
        report.AppendLine(CultureInfo.InvariantCulture, $"The public API of {assembly.GetName().Name} differs from {Path.GetFileName(file)}.");
        report.AppendLine("If that is meant, run the test again with UPDATE_PUBLIC_API=1 and check the file in. (- gone, + new)");
        foreach (string line in known.Except(actual, StringComparer.Ordinal))
        {
            report.AppendLine(CultureInfo.InvariantCulture, $"- {line}");
        }

        foreach (string line in actual.Except(known, StringComparer.Ordinal))
        {
            report.AppendLine(CultureInfo.InvariantCulture, $"+ {line}");
        }

        return report.ToString();
    }

    /// <summary>Writes down all public types and their public and protected members.</summary>
    public static IEnumerable<string> Describe(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        return assembly.GetExportedTypes()
            .OrderBy(FullName, StringComparer.Ordinal)
            .SelectMany(type => DescribeMembers(type).Order(StringComparer.Ordinal).Prepend(DescribeType(type)));
    }

    private static string DescribeType(Type type)
    {
        IEnumerable<Type> bases = type.IsEnum ? [Enum.GetUnderlyingType(type)] : DeclaredInterfaces(type);
        if (type is { IsClass: true, BaseType: { } parent } && parent != typeof(object))
        {
            bases = bases.Prepend(parent);
        }

        string inherits = string.Join(", ", bases.Select(Name));
        return $"{Modifiers(type)} {FullName(type)}{(inherits.Length > 0 ? " : " + inherits : string.Empty)}{Constraints(type)}";
    }

    private static IEnumerable<Type> DeclaredInterfaces(Type type)
    {
        Type[] all = type.GetInterfaces();
        return all.Where(one => one.IsPublic)
            .Except(type.BaseType?.GetInterfaces() ?? [])
            .Except(all.SelectMany(one => one.GetInterfaces()))
            .OrderBy(Name, StringComparer.Ordinal);
    }

    private static string Modifiers(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsInterface: true } => "interface",
        { IsValueType: true } => type.IsDefined(typeof(System.Runtime.CompilerServices.IsReadOnlyAttribute), false) ? "readonly struct" : "struct",
        _ when typeof(Delegate).IsAssignableFrom(type) => "delegate",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsAbstract: true } => "abstract class",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    private static IEnumerable<string> DescribeMembers(Type type)
    {
        string prefix = FullName(type) + ".";
        foreach (FieldInfo field in type.GetFields(Declared).Where(field => (field.IsPublic || field.IsFamily) && !field.IsSpecialName))
        {
            yield return "  " + prefix + DescribeField(field);
        }

        foreach (ConstructorInfo constructor in type.GetConstructors(Declared).Where(IsVisible).Where(one => !one.IsStatic))
        {
            yield return $"  {Access(constructor)}{prefix}ctor({Parameters(constructor)})";
        }

        foreach (PropertyInfo property in type.GetProperties(Declared).Where(property => property.GetAccessors(true).Any(IsVisible)))
        {
            yield return "  " + DescribeProperty(property, prefix);
        }

        foreach (EventInfo happening in type.GetEvents(Declared).Where(one => one.AddMethod is { } add && IsVisible(add)))
        {
            yield return $"  {prefix}{happening.Name} : event {Name(happening.EventHandlerType!)}";
        }

        foreach (MethodInfo method in type.GetMethods(Declared).Where(IsVisible).Where(IsWritten))
        {
            string generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : string.Empty;
            yield return $"  {Access(method)}{Inheritance(method)}{prefix}{method.Name}{generic}({Parameters(method)}) : "
                + TypeOf(method.ReturnType, Nullability.Create(method.ReturnParameter).ReadState);
        }
    }

    private static string DescribeField(FieldInfo field)
    {
        string value = field.IsLiteral
            ? string.Create(CultureInfo.InvariantCulture, $" = {(field.FieldType.IsEnum ? Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture) : field.GetRawConstantValue())}")
            : string.Empty;
        return $"{field.Name} : {(field.IsLiteral ? "const " : field.IsInitOnly ? "readonly " : string.Empty)}{TypeOf(field.FieldType, Nullability.Create(field).ReadState)}{value}";
    }

    private static string DescribeProperty(PropertyInfo property, string prefix)
    {
        MethodInfo accessor = property.GetAccessors(true).First(IsVisible);
        string indexes = property.GetIndexParameters() is { Length: > 0 } parameters ? $"[{string.Join(", ", parameters.Select(DescribeParameter))}]" : string.Empty;
        string get = property.GetMethod is { } getter && IsVisible(getter) ? " get;" : string.Empty;
        string set = property.SetMethod is { } setter && IsVisible(setter)
            ? setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(System.Runtime.CompilerServices.IsExternalInit)) ? " init;" : " set;"
            : string.Empty;
        return $"{Access(accessor)}{Inheritance(accessor)}{prefix}{property.Name}{indexes} : {TypeOf(property.PropertyType, Nullability.Create(property).ReadState)} {{{get}{set} }}";
    }

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    /// <summary>Leaves out accessors and what the compiler makes for records, but for what a user calls.</summary>
    private static bool IsWritten(MethodInfo method) =>
        (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)) &&
        !method.Name.StartsWith('<') &&
        !(method.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute), false) && method.Name != "Deconstruct");

    private static string Access(MethodBase method) => (method.IsPublic ? string.Empty : "protected ") + (method.IsStatic ? "static " : string.Empty);

    private static string Inheritance(MethodInfo method)
    {
        if (method.DeclaringType!.IsInterface || !method.IsVirtual)
        {
            return string.Empty;
        }

        bool overrides = method.GetBaseDefinition() != method;
        return method switch
        {
            { IsAbstract: true } => "abstract ",
            { IsFinal: true } => overrides ? "sealed override " : string.Empty,
            _ => overrides ? "override " : "virtual ",
        };
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(DescribeParameter));

    private static string DescribeParameter(ParameterInfo parameter)
    {
        string direction = parameter switch
        {
            { IsOut: true } => "out ",
            { ParameterType.IsByRef: true, IsIn: true } => "in ",
            { ParameterType.IsByRef: true } => "ref ",
            _ => string.Empty,
        };
        string fallback = parameter.HasDefaultValue
            ? string.Create(CultureInfo.InvariantCulture, $" = {parameter.DefaultValue ?? "default"}")
            : string.Empty;
        return $"{direction}{TypeOf(parameter.ParameterType, Nullability.Create(parameter).WriteState)} {parameter.Name}{fallback}";
    }

    private static string TypeOf(Type type, NullabilityState state) =>
        Name(type) + (state == NullabilityState.Nullable && !type.IsValueType && !type.IsGenericParameter ? "?" : string.Empty);

    private static string FullName(Type type) => $"{type.Namespace}.{Name(type)}";

    private static string Name(Type type)
    {
        if (type.IsByRef)
        {
            return Name(type.GetElementType()!);
        }

        if (type.IsArray)
        {
            return Name(type.GetElementType()!) + "[]";
        }

        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return Name(inner) + "?";
        }

        if (Keywords.TryGetValue(type, out string? keyword))
        {
            return keyword;
        }

        string outer = type is { IsNested: true, IsGenericParameter: false } ? Name(type.DeclaringType!) + "." : string.Empty;
        int tick = type.Name.IndexOf('`', StringComparison.Ordinal);
        return outer + (tick < 0 ? type.Name : $"{type.Name[..tick]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>");
    }

    private static string Constraints(Type type) =>
        string.Concat(type.GetGenericArguments()
            .Where(argument => argument.IsGenericParameter && argument.GetGenericParameterConstraints().Length > 0)
            .Select(argument => $" where {argument.Name} : {string.Join(", ", argument.GetGenericParameterConstraints().Select(Name))}"));
}
