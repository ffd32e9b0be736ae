//! `explain`: what a resource, a verb or a field is, as descriptors tell it.

use prost_reflect::{DescriptorPool, MethodDescriptor, ServiceDescriptor};
use tonic::Code;

use super::connector::Connector;
use super::method::{describe, find_method};
use super::{Context, block_on};
use crate::cli::{Explain, ExplainFormat};
use crate::config::{ConfigDir, Endpoints, Selection, Settings, Variables};
use crate::error::{Error, Kind, Result};
use crate::explain::{self, Address, Describer, Explained, ExplainedVerb};
use crate::json;
use crate::output::{Format, Look, Writer};
use crate::platform::ApiName;
use crate::repository::{self, API_VERSION};
use crate::resource::Resource;
use crate::spec;
use crate::streams::Streams;
use crate::view::Document;

/// The service whose API is bundled.
const REPOSITORY: &str = "repository";

/// How errors name what is bundled.
const BUNDLED: &str = "the bundled Repository API";

pub fn run(args: &Explain, context: &mut Context<'_>) -> Result<()> {
    let address = Address::parse(&args.path)?;
    let (service, place) = find_service(&address, &args.api_version, context)?;
    let (resource, below) = address.split(service.full_name())?;
    let Some((verb, path)) = below.split_first() else {
        if args.form.skeleton || args.form.json_schema {
            let verbs: Vec<String> = service.methods().map(|method| method.name().to_owned()).collect();
            return Err(Error::usage(format!("{resource} has several verbs, each with a request of its own"))
                .hint(format!("name the verb, as in {resource}.{}", verbs.first().map_or("VERB", String::as_str))));
        }
        let explained = Describer::new(args.form.depth.into()).resource(&resource, &service);
        return write(&Explained::Resource(explained), args.form.output, context.streams);
    };
    let method = find_method(&service, &resource, verb, &place)?;
    let about = About { resource: &resource, method: &method, args };
    if args.form.json_schema || args.form.skeleton {
        if !path.is_empty() {
            return Err(Error::usage(format!("{} is a field, and only a verb has a request", path.join(".")))
                .hint(format!("ask for the whole of {resource}.{verb}")));
        }
        return if args.form.json_schema { about.schema(context.streams) } else { about.skeleton(context.streams) };
    }
    write(&about.explanation(path)?, args.form.output, context.streams)
}

/// A verb that is asked about.
struct About<'a> {
    resource: &'a Resource,
    method: &'a MethodDescriptor,
    args: &'a Explain,
}

impl About<'_> {
    fn explanation(&self, path: &[&str]) -> Result<Explained> {
        if path.is_empty() {
            return Ok(Explained::Verb(Box::new(self.verb())));
        }
        let found = explain::find(self.resource, self.method, path)?;
        let field = self.describer().field(self.resource, self.method, path, &found, self.needed());
        Ok(Explained::Field(field))
    }

    fn verb(&self) -> ExplainedVerb {
        self.describer().verb(self.resource, self.method, self.needed())
    }

    fn describer(&self) -> Describer {
        Describer::new(self.args.form.depth.into())
    }

    fn schema(&self, streams: &mut Streams) -> Result<()> {
        let schema = explain::schema::of_request(&self.name(), self.method, self.needed());
        Ok(json::pretty(&mut *streams.out, &schema)?)
    }

    fn skeleton(&self, streams: &mut Streams) -> Result<()> {
        let command = format!("spacectl exec {} {}", self.method.name(), self.resource);
        write!(streams.out, "{}", explain::skeleton::render(&self.verb(), &command, &self.name()))?;
        Ok(())
    }

    fn name(&self) -> String {
        format!("{}.{}", self.resource, self.method.name())
    }

    fn needed(&self) -> &'static [&'static str] {
        match ApiName::parse(self.method.parent_service().full_name()) {
            Some(name) => spec::needed(name.service, name.resource, self.method.name()),
            None => &[],
        }
    }
}

/// The service that is asked about, and who described it: the endpoint in use; else, for the Repository API, this
/// program.
fn find_service(
    address: &Address,
    api_version: &str,
    context: &mut Context<'_>,
) -> Result<(ServiceDescriptor, String)> {
    let is_bundled = address.resource().service == REPOSITORY;
    let selection =
        Selection { environment: context.global.environment.clone(), endpoint: context.global.endpoint.clone() };
    if is_bundled && is_nothing_selected(&selection, context.variables)? {
        context.streams.talk.note(&format!(
            "no environment is selected: this is the bundled description of the Repository API {API_VERSION}"
        ));
        return bundled(address, api_version);
    }
    let settings = Settings::resolve(&selection, context.variables)?;
    if matches!(settings.endpoints, Endpoints::Embedded) {
        // What it has is known without opening its file; what it has not is refused as by every command.
        settings.destination(&address.resource().service)?;
        return bundled(address, api_version);
    }
    let connector = Connector::new(context)?;
    let described = block_on(async {
        let caller = connector.connect(&address.resource().service).await?;
        let by_rule = address.resource().full_name(api_version);
        let find = |offered: &[String]| address.find(offered, api_version).map(str::to_owned);
        let service = describe(&caller, &by_rule, find).await?;
        Ok(match service {
            Ok(service) => Ok((service, caller.place().to_owned())),
            Err(offered) => Err(address.unknown(&offered, api_version, caller.place())),
        })
    });
    match described {
        Ok(answer) => answer,
        Err(error) if is_bundled && is_out_of_reach(&error) => {
            let problem = &error.problems()[0];
            let told: Vec<&str> =
                std::iter::once(&problem.message).chain(&problem.causes).map(String::as_str).collect();
            context.streams.talk.warning(&format!(
                "{}; this is the bundled description of the Repository API {API_VERSION}, and the service's own may differ",
                told.join(": ")
            ));
            bundled(address, api_version)
        }
        Err(error) => Err(error),
    }
}

/// Whether the user has neither configured nor named anything to ask.
fn is_nothing_selected(selection: &Selection, variables: &Variables) -> Result<bool> {
    if selection.endpoint.is_some() || selection.named(variables)?.is_some() {
        return Ok(false);
    }
    match ConfigDir::locate(variables) {
        Ok(dir) => Ok(selection.find(variables, &dir)?.is_none()),
        // Without a folder there is no configuration in it.
        Err(_) => Ok(true),
    }
}

/// Whether nobody described anything, so that it says nothing about what was asked.
fn is_out_of_reach(error: &Error) -> bool {
    match error.kind() {
        Kind::Local => true,
        Kind::Status(code) => matches!(code, Code::Unavailable | Code::DeadlineExceeded | Code::Unimplemented),
        Kind::Usage | Kind::ReaderGone => false,
    }
}

fn bundled(address: &Address, api_version: &str) -> Result<(ServiceDescriptor, String)> {
    let unreadable = |error| Error::local("the bundled descriptors cannot be read").caused_by(&error);
    let pool: DescriptorPool = repository::descriptors().map_err(unreadable)?;
    let offered: Vec<String> = pool.services().map(|service| service.full_name().to_owned()).collect();
    let service = address.find(&offered, api_version).and_then(|name| pool.get_service_by_name(name));
    let service = service.ok_or_else(|| address.unknown(&offered, api_version, BUNDLED))?;
    Ok((service, BUNDLED.to_owned()))
}

fn write(explained: &Explained, format: ExplainFormat, streams: &mut Streams) -> Result<()> {
    let look = Look { terminal: streams.out_is_terminal, styled: streams.out_is_terminal && streams.color };
    let format = match format {
        ExplainFormat::Text => {
            write!(streams.out, "{}", explain::text::render(explained, look.styled))?;
            return Ok(());
        }
        ExplainFormat::Json => Format::Json,
        ExplainFormat::Yaml => Format::Yaml,
    };
    let value = serde_json::to_value(explained).map_err(|error| Error::local("cannot be written").cause(error))?;
    let mut writer = Writer::new(&mut *streams.out, format, look);
    writer.write(Document::Value(value))?;
    writer.finish()
}
