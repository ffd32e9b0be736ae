//! `explain`: describes a resource, a verb or a field.

use prost_reflect::{DescriptorPool, ServiceDescriptor};
use tonic::Code;

use super::connector::{Connector, selection};
use super::tls_flags::{refuse_useless, tls_of};
use super::{Context, api_resources, block_on};
use crate::cli::{ApiResources, Explain, ExplainFormat, Format};
use crate::commands::output_options::OutputOptions;
use crate::config::{ConfigDir, Endpoints, Selection, Settings, Variables};
use crate::error::{Error, ErrorKind, Result};
use crate::explain::{self, Address, Describer, Explained};
use crate::grpc::descriptors::Gaps;
use crate::grpc::resolve::{describe_service, find_method};
use crate::local_service;
use crate::local_service::API_VERSION;
use crate::output::view::Document;
use crate::schema::resource::{Resource, alias, service_among, verb};
use crate::schema::spaceone::{ApiName, plugin_of};
use crate::spec;
use crate::terminal::io_streams::IoStreams;
use crate::text::json;

const REPOSITORY: &str = "repository";

/// The name of the bundled API in errors.
const BUNDLED: &str = "the bundled Repository API";

pub fn run(args: &Explain, context: &mut Context<'_>) -> Result<()> {
    if !args.form.skeleton && !args.form.json_schema && is_plugin_endpoint(&args.path, context) {
        let output = match args.form.output {
            ExplainFormat::Text => Format::Table,
            ExplainFormat::Json => Format::Json,
            ExplainFormat::Yaml => Format::Yaml,
        };
        let resources = ApiResources { service: vec![args.path.clone()], columns: None, output };
        return api_resources::run(&resources, context);
    }
    let address = address(&args.path, args.api_version.as_deref(), context)?;
    let Described { resource, below, service, gaps, place } = find(&address, args.api_version.as_deref(), context)?;
    let below: Vec<&str> = below.iter().map(String::as_str).collect();
    let asked = below.first().and_then(|verb| service.methods().find(|method| method.name() == *verb));
    let gap = match asked {
        Some(method) => gaps.of_method(&method),
        None => gaps.of_service(service.full_name(), service.parent_pool()),
    };
    if let Some(why) = gap {
        context.streams.diagnostics.warn(&format!("{place} does not describe all of {resource}: {why}"));
    }
    let Some((verb, path)) = below.split_first() else {
        if args.form.skeleton || args.form.json_schema {
            let verbs: Vec<String> = service.methods().map(|method| method.name().to_owned()).collect();
            return Err(Error::usage(format!("{resource} has several verbs, each with its own request"))
                .hint(format!("name the verb, e.g. {resource}.{}", verbs.first().map_or("VERB", String::as_str))));
        }
        let explained = Describer::new(args.form.depth.into()).resource(&resource, &service);
        return write(&Explained::Resource(explained), args.form.output, context.streams);
    };
    let method = find_method(&service, &resource, verb, &place)?;
    let verb = method.name();
    let name = format!("{resource}.{verb}");
    let is_file = args.form.json_schema || args.form.skeleton;
    if is_file && !path.is_empty() {
        return Err(Error::usage(format!("{} is a field, and only a verb has a request", path.join(".")))
            .hint(format!("leave out the field: {name}")));
    }
    let needed = match ApiName::parse(service.full_name()) {
        Some(api) => spec::needed(api.service, api.resource, verb),
        None => &[],
    };
    let mut describer = Describer::new(args.form.depth.into());
    if args.form.json_schema {
        return Ok(json::pretty(&mut *context.streams.out, &explain::schema::of_request(&name, &method, needed))?);
    }
    if args.form.skeleton {
        let command = format!("spacectl exec {verb} {resource}");
        let described = describer.verb(&resource, &method, needed);
        write!(context.streams.out, "{}", explain::skeleton::render(&described, &command, &name))?;
        return Ok(());
    }
    let explained = if path.is_empty() {
        Explained::Verb(Box::new(describer.verb(&resource, &method, needed)))
    } else {
        let found = explain::find(&resource, &method, path)?;
        Explained::Field(describer.field(&resource, &method, path, &found, needed))
    };
    write(&explained, args.form.output, context.streams)
}

/// Whether the path is a configured endpoint of a plugin, e.g. `plugin.slack`, and not a verb of the alias `plugin`.
fn is_plugin_endpoint(path: &str, context: &Context<'_>) -> bool {
    let is_named = || {
        let settings = Settings::resolve(&selection(context), context.variables)?;
        Ok::<_, Error>(settings.services()?.iter().any(|service| service == path))
    };
    plugin_of(path).is_some_and(|name| !verb::is_known(name)) && is_named().unwrap_or(false)
}

/// The path in `text`, with an alias, alone or before a verb, resolved.
fn address(text: &str, api_version: Option<&str>, context: &Context<'_>) -> Result<Address> {
    let Some((first, below)) = text.split_once('.') else {
        return Ok(Address::of(context.resource(text)?.with_api_version(api_version)?, ""));
    };
    if below.split('.').any(str::is_empty) {
        return Address::parse(text);
    }
    let own = || context.own_aliases();
    let resource = if explain::is_at_plugin_server(text) {
        None
    } else if is_no_service(first, context)? {
        let own = own()?;
        let found =
            alias::find(first, &own)?.map_or_else(|| alias::find_variant(first, &own), |found| Ok(Some(found)))?;
        if found.is_none()
            && below.split('.').next().is_some_and(verb::is_known)
            && let Some(error) = alias::without_service(first, &context.offered())
        {
            return Err(error);
        }
        found
    } else if below.split('.').next().is_some_and(verb::is_known) {
        // `repository` is an alias and a service: what follows decides.
        alias::find(first, &own()?)?
    } else {
        None
    };
    match resource {
        Some(resource) => Ok(Address::of(resource.with_api_version(api_version)?, below)),
        None => {
            let address = Address::parse(text)?;
            address.resource().clone().with_api_version(api_version)?;
            Ok(address)
        }
    }
}

/// Whether nothing here is known to have such a service. Behind `--endpoint` there can be any.
fn is_no_service(name: &str, context: &Context<'_>) -> Result<bool> {
    let selection = selection(context);
    let services = if is_nothing_selected(&selection, context.variables)? {
        vec![REPOSITORY.to_owned()]
    } else {
        Settings::resolve(&selection, context.variables)?.services()?
    };
    Ok(!services.is_empty() && service_among(name, &services)?.is_none())
}

/// A resource and its description.
struct Described {
    resource: Resource,
    below: Vec<String>,
    service: ServiceDescriptor,
    gaps: Gaps,
    place: String,
}

/// Describes by the endpoint in use, or else by the bundled Repository API.
fn find(address: &Address, api_version: Option<&str>, context: &mut Context<'_>) -> Result<Described> {
    let is_bundled = address.resource().service == REPOSITORY;
    let selection = selection(context);
    if is_bundled && is_nothing_selected(&selection, context.variables)? {
        context.streams.diagnostics.note(&format!(
            "no environment is selected: this is the bundled description of the Repository API {API_VERSION}"
        ));
        return bundled(address, api_version);
    }
    let settings = Settings::resolve(&selection, context.variables)?;
    if matches!(settings.endpoints, Endpoints::Embedded) {
        // Answers without opening its file; refuses other services as every command does.
        let destination = settings.destination(&address.resource().service)?;
        refuse_useless(&tls_of(&context.global.tls)?, &destination)?;
        return bundled(address, api_version);
    }
    let connector = Connector::new(context)?;
    let described = block_on(async {
        let located = connector.locate(address.resource())?;
        let caller = connector.connect(&located.service).await?;
        let by_rule = ((located.clone(), address.below()), located.full_name(api_version));
        let choose = |offered: &[String]| address.choose(offered, api_version, caller.endpoint());
        let ((resource, below), service, gaps) = describe_service(&caller, by_rule, choose).await?;
        Ok(Described { resource, below, service, gaps, place: caller.endpoint().to_owned() })
    });
    match described {
        Ok(found) => Ok(found),
        Err(error) if is_bundled && is_out_of_reach(&error) => {
            context.streams.diagnostics.warn(&format!(
                "{}; this is the bundled description of the Repository API {API_VERSION}: \
                 the service's own may differ",
                error.summary()
            ));
            bundled(address, api_version)
        }
        Err(error) => Err(error),
    }
}

/// Whether neither configuration nor flags name an endpoint.
fn is_nothing_selected(selection: &Selection, variables: &Variables) -> Result<bool> {
    if selection.names_endpoint(variables) || selection.named(variables)?.is_some() {
        return Ok(false);
    }
    match ConfigDir::locate(variables) {
        Ok(dir) => Ok(selection.find(variables, &dir)?.is_none()),
        // Without a folder, nothing is configured.
        Err(_) => Ok(true),
    }
}

/// Whether the endpoint gave no description at all.
fn is_out_of_reach(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Local | ErrorKind::DiffFailed => true,
        ErrorKind::Status(code) => matches!(code, Code::Unavailable | Code::DeadlineExceeded | Code::Unimplemented),
        ErrorKind::Usage | ErrorKind::Diff | ErrorKind::BrokenPipe | ErrorKind::Signal(_) => false,
    }
}

fn bundled(address: &Address, api_version: Option<&str>) -> Result<Described> {
    let unreadable = |error| Error::local("the bundled descriptors cannot be read").caused_by(&error);
    let pool: DescriptorPool = local_service::descriptors().map_err(unreadable)?;
    let offered: Vec<String> = pool.services().map(|service| service.full_name().to_owned()).collect();
    let ((resource, below), name) = address.choose(&offered, api_version, BUNDLED)?;
    let service = pool.get_service_by_name(&name).ok_or_else(|| Error::local(format!("{name} is not described")))?;
    Ok(Described { resource, below, service, gaps: Gaps::default(), place: BUNDLED.to_owned() })
}

fn write(explained: &Explained, format: ExplainFormat, streams: &mut IoStreams) -> Result<()> {
    let format = match format {
        ExplainFormat::Text => {
            write!(streams.out, "{}", explain::text::render(explained, streams.out_color, streams.out_width()))?;
            return Ok(());
        }
        ExplainFormat::Json => Format::Json,
        ExplainFormat::Yaml => Format::Yaml,
    };
    let value = serde_json::to_value(explained).map_err(|error| Error::local("cannot be written").cause(error))?;
    OutputOptions::parse(None, format)?.write(Document::Value(value), streams)
}
