// Asks a worklist with dcmjs-dimse: questions on standard input, what it understood on standard
// output. NODE_PATH says where the package is.
const { Client, Dataset, association, log, requests } = require('dcmjs-dimse');

const WORKLIST = '1.2.840.10008.5.1.4.31';
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const replies = asked.questions.map(() => ({ status: null, comment: '', answers: [] }));
log.setLevel('silent');

const client = new Client();
const only = new association.PresentationContext(0, WORKLIST, asked.syntax);
client.addAdditionalPresentationContext(only, true);
asked.questions.forEach((keys, number) => {
  const request = new requests.CFindRequest();
  request.setAffectedSopClassUid(WORKLIST);
  request.setDataset(new Dataset(keys, asked.syntax));
  request.on('response', (response) => {
    if (response.hasDataset()) {
      replies[number].answers.push(response.getDataset().getElements());
    } else {
      replies[number].status = response.getStatus();
      replies[number].comment = response.getErrorComment();
    }
  });
  client.addRequest(request);
});
client.on('networkError', (error) => {
  console.error(String(error));
  process.exitCode = 1;
});
client.on('closed', () => {
  const withEmpty = (key, value) => (value === undefined ? null : value);
  console.log(JSON.stringify(replies, withEmpty));
});
client.send('127.0.0.1', asked.port, asked.aet, 'PORTAL', { associationLingerTimeout: 0 });
